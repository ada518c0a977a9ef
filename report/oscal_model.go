package report

import (
	"crypto/sha1" // what RFC 9562 makes version 5 of; nothing rests on it
	"fmt"
	"strings"
	"time"
)

// The structs of OSCAL 1.2.1 assessment results that we write. Lists and
// texts that are empty are absent, as the schema wants.

// oscalSpace is the namespace of our own props.
const oscalSpace = "https://github.com/sealaudit/sealaudit/ns/oscal"

type oscalProp struct {
	Name    string `json:"name"`
	Space   string `json:"ns,omitempty"`
	Value   string `json:"value"`
	Remarks string `json:"remarks,omitempty"`
}

type oscalRef struct {
	Observation *uuid `json:"observation-uuid,omitempty"`
	Risk        *uuid `json:"risk-uuid,omitempty"`
}

type oscalOrigin struct {
	Actors []oscalActor `json:"actors"`
}

type oscalActor struct {
	Type string `json:"type"` // tool
	UUID uuid   `json:"actor-uuid"`
}

type oscalItem struct { // of the inventory
	UUID        uuid        `json:"uuid"`
	Description string      `json:"description"`
	Props       []oscalProp `json:"props,omitempty"`
}

type oscalComponent struct {
	UUID        uuid        `json:"uuid"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Status      oscalStatus `json:"status"`
}

type oscalStatus struct {
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

type oscalObservation struct {
	UUID        uuid            `json:"uuid"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Props       []oscalProp     `json:"props"`
	Methods     []string        `json:"methods"` // TEST
	Types       []string        `json:"types"`
	Origins     []oscalOrigin   `json:"origins"`
	Subjects    []oscalSubject  `json:"subjects"`
	Evidence    []oscalEvidence `json:"relevant-evidence,omitempty"`
	Collected   string          `json:"collected"`
	Remarks     string          `json:"remarks,omitempty"`
}

type oscalSubject struct {
	UUID uuid   `json:"subject-uuid"`
	Type string `json:"type"` // inventory-item
}

type oscalEvidence struct {
	Href        string      `json:"href"`
	Description string      `json:"description"`
	Props       []oscalProp `json:"props,omitempty"`
}

type oscalRisk struct {
	UUID         uuid          `json:"uuid"`
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	Statement    string        `json:"statement"`
	Props        []oscalProp   `json:"props,omitempty"`
	Status       string        `json:"status"`
	Origins      []oscalOrigin `json:"origins"`
	Deadline     string        `json:"deadline,omitempty"`
	Observations []oscalRef    `json:"related-observations"`
}

type oscalFinding struct {
	UUID         uuid          `json:"uuid"`
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	Origins      []oscalOrigin `json:"origins"`
	Target       oscalTarget   `json:"target"`
	Observations []oscalRef    `json:"related-observations,omitempty"`
	Risks        []oscalRef    `json:"related-risks,omitempty"`
}

type oscalTarget struct {
	Type   string      `json:"type"` // objective-id
	ID     string      `json:"target-id"`
	Status oscalStatus `json:"status"`
}

type oscalPart struct {
	Name  string      `json:"name"`
	Space string      `json:"ns"`
	Title string      `json:"title,omitempty"`
	Props []oscalProp `json:"props,omitempty"`
	Prose string      `json:"prose"`
}

// oscalStamp is a time as OSCAL takes it: UTC, to the second or finer.
func oscalStamp(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// prop is a property of ours. OSCAL takes no value that is empty or has a
// space at its ends, so such a space is shown as an escape.
func prop(name, value string) []oscalProp {
	value = printable(value)
	if rest := strings.TrimLeft(value, " "); rest != value {
		value = strings.Repeat(`\x20`, len(value)-len(rest)) + rest
	}
	if rest := strings.TrimRight(value, " "); rest != value {
		value = rest + strings.Repeat(`\x20`, len(value)-len(rest))
	}
	if value == "" {
		return nil
	}
	return []oscalProp{{Name: name, Space: oscalSpace, Value: value}}
}

type uuid [16]byte

// uuidSpace is 6f21820c-1a49-53df-aaa2-568b3ff3ef85, the version 5 UUID of the
// address https://github.com/sealaudit/sealaudit.
var uuidSpace = uuid{0x6f, 0x21, 0x82, 0x0c, 0x1a, 0x49, 0x53, 0xdf, 0xaa, 0xa2, 0x56, 0x8b, 0x3f, 0xf3, 0xef, 0x85}

// nameUUID is the version 5 UUID (RFC 9562 §5.5) of a kind of thing and what
// names it, so that the same thing has the same one in every report.
func nameUUID(parts ...string) uuid {
	sum := sha1.Sum(append(uuidSpace[:], strings.Join(parts, "\x00")...))
	var u uuid
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

func (u uuid) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// MarshalText makes it a string in JSON.
func (u uuid) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
