package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Recorded is a reply of AWS as botocore parsed and placebo kept it.
type Recorded struct {
	Status  int
	Output  map[string]any // without ResponseMetadata
	Failure *Failure       // instead of Output, when AWS refused
}

// ReadRecorded decodes {"status_code": 200, "data": {…}}, with its times.
func ReadRecorded(text []byte) (Recorded, error) {
	var file struct {
		Status int            `json:"status_code"`
		Data   map[string]any `json:"data"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&file); err != nil {
		return Recorded{}, fmt.Errorf("decoding a recorded reply: %w; it must have status_code and data", err)
	}
	delete(file.Data, "ResponseMetadata")
	if fault, ok := file.Data["Error"].(map[string]any); ok && file.Status >= 300 {
		f := &Failure{Status: file.Status}
		f.Code, _ = fault["Code"].(string)
		f.Message, _ = fault["Message"].(string)
		if bucket, ok := fault["BucketName"].(string); ok {
			f.Fields = map[string]string{"BucketName": bucket}
		}
		return Recorded{Status: file.Status, Failure: f}, nil
	}
	output, _ := timed(file.Data).(map[string]any)
	return Recorded{Status: file.Status, Output: output}, nil
}

// timed replaces {"__class__": "datetime", …} by the time.
func timed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v["__class__"] == "datetime" {
			return datetime(v)
		}
		for name := range v {
			v[name] = timed(v[name])
		}
	case []any:
		for i := range v {
			v[i] = timed(v[i])
		}
	}
	return v
}

func datetime(v map[string]any) time.Time {
	part := func(name string) int {
		n, _ := v[name].(json.Number)
		i, _ := n.Int64()
		return int(i)
	}
	return time.Date(part("year"), time.Month(part("month")), part("day"), part("hour"), part("minute"), part("second"), part("microsecond")*1000, time.UTC)
}
