package report

// The dozen SARIF 2.1.0 structs that we write and lint (OASIS, errata 01).
// Optional members are absent, never null, empty or -1.

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifProperties are of the whole file.
type sarifProperties struct {
	Notice   string          `json:"notice,omitempty"`   // of the embedded account
	Profile  string          `json:"profile"`            // github or full
	Withheld []sarifWithheld `json:"withheld,omitempty"` // runs that the file is without
	Partial  []sarifWithheld `json:"partial,omitempty"`  // runs that it has, because that was asked for
}

// sarifWithheld is a run of a scope that was not read completely.
type sarifWithheld struct {
	Category string   `json:"category"`
	Reasons  []string `json:"reasons"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID               string              `json:"id"`
	Name             string              `json:"name"`
	ShortDescription sarifText           `json:"shortDescription"`
	FullDescription  sarifText           `json:"fullDescription"`
	Help             sarifText           `json:"help"`
	HelpURI          string              `json:"helpUri,omitempty"`
	Configuration    sarifConfiguration  `json:"defaultConfiguration"`
	Properties       sarifRuleProperties `json:"properties"`
}

type sarifConfiguration struct {
	Level string `json:"level"` // error, warning, note
}

type sarifRuleProperties struct {
	Tags      []string `json:"tags"`
	Precision string   `json:"precision"`
	Severity  string   `json:"security-severity,omitempty"` // a number above 0, at most 10
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Kind         string            `json:"kind,omitempty"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Related      []sarifLocation   `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	// Suppressions are on all results of a run or on none (SARIF 2.1.0
	// §3.27.23); an empty list says that the result is not suppressed.
	Suppressions *[]sarifSuppression `json:"suppressions,omitempty"`
	Properties   map[string]string   `json:"properties,omitempty"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`   // external
	Status        string `json:"status"` // accepted, or rejected for one that expired
	Justification string `json:"justification"`
}

type sarifLocation struct {
	ID       int            `json:"id,omitempty"`
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region sarifRegion `json:"region"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type sarifLogical struct {
	Name      string `json:"name"`
	Qualified string `json:"fullyQualifiedName"` // ARN
	Kind      string `json:"kind"`               // resource
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDetails struct {
	ID string `json:"id"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Start         string              `json:"startTimeUtc"`
	End           string              `json:"endTimeUtc"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}
