package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
)

// s3Lists are elements that may be repeated, with the member that they make a
// list of. The elements of TagSet make the list of the member itself.
func s3Lists() map[string]string {
	return map[string]string{"Rule": "Rules", "Object": "Objects", "Part": "Parts", "EncryptionType": "EncryptionType", "Grant": "Grants"}
}

// isTruth says whether an element is a truth value.
func isTruth(name string) bool {
	switch name {
	case "BucketKeyEnabled", "Quiet", "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets":
		return true
	}
	return false
}

// maxNesting is deeper than any of S3's documents.
const maxNesting = 16

// readXML decodes a document into the input: the root's children become
// members.
func (q *Request) readXML(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := dec.Token()
		if err != nil {
			return malformedXML()
		}
		if start, ok := token.(xml.StartElement); ok {
			tree, err := element(dec, start.Name.Local, 0)
			if err != nil {
				return err
			}
			if members, ok := tree.(map[string]any); ok {
				for name, v := range members {
					q.Input[name] = v
				}
			}
			break
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) && err != nil {
		return malformedXML()
	}
	return nil
}

// element decodes what is in an element: an object if it has elements, else
// its text.
func element(dec *xml.Decoder, name string, depth int) (any, error) {
	if depth > maxNesting {
		return nil, malformedXML()
	}
	var content strings.Builder
	members, list := map[string]any{}, []any{}
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, malformedXML()
		}
		switch t := token.(type) {
		case xml.CharData:
			content.Write(t)
		case xml.StartElement:
			v, err := element(dec, t.Name.Local, depth+1)
			if err != nil {
				return nil, err
			}
			if name == "TagSet" || name == "Tags" {
				list = append(list, v)
				continue
			}
			plantMember(members, t.Name.Local, v)
		case xml.EndElement:
			return decodedElement(name, content.String(), members, list), nil
		}
	}
}

func decodedElement(name, content string, members map[string]any, list []any) any {
	switch {
	case name == "TagSet" || name == "Tags":
		return list
	case len(members) > 0:
		return members
	case isTruth(name):
		return strings.TrimSpace(content) == "true"
	}
	return content
}

func plantMember(members map[string]any, name string, v any) {
	if plural, repeated := s3Lists()[name]; repeated {
		list, _ := members[plural].([]any)
		members[plural] = append(list, v)
		return
	}
	members[name] = v
}

func malformedXML() *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "MalformedXML", Message: "The XML you provided was not well-formed or did not validate against our published schema"}
}
