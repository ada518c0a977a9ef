package report

// The structs of the AWS Security Finding Format that we write. Types and
// Severity are required by the user guide, though not by the API.

type asffFinding struct {
	SchemaVersion string            `json:"SchemaVersion"`
	ID            string            `json:"Id"`
	ProductArn    string            `json:"ProductArn"`
	GeneratorID   string            `json:"GeneratorId"`
	AccountID     string            `json:"AwsAccountId"`
	Types         []string          `json:"Types"`
	CreatedAt     string            `json:"CreatedAt"`
	UpdatedAt     string            `json:"UpdatedAt"`
	Severity      asffSeverity      `json:"Severity"`
	Title         string            `json:"Title"`
	Description   string            `json:"Description"`
	Remediation   *asffRemediation  `json:"Remediation,omitempty"`
	ProductFields map[string]string `json:"ProductFields"`
	Resources     []asffResource    `json:"Resources"`
	Compliance    asffCompliance    `json:"Compliance"`
	Workflow      asffStatus        `json:"Workflow"`
	RecordState   string            `json:"RecordState"`
}

type asffSeverity struct {
	Label    string `json:"Label"`
	Original string `json:"Original"` // the policy's, whatever the status
}

type asffRemediation struct {
	Recommendation asffRecommendation `json:"Recommendation"`
}

type asffRecommendation struct {
	Text string `json:"Text"`
	URL  string `json:"Url,omitempty"`
}

type asffResource struct {
	Type      string            `json:"Type"`
	ID        string            `json:"Id"`
	Partition string            `json:"Partition,omitempty"`
	Region    string            `json:"Region,omitempty"`
	Details   asffDetailsOfType `json:"Details"`
}

type asffDetailsOfType struct {
	Other map[string]string `json:"Other"`
}

type asffCompliance struct {
	Status              string       `json:"Status"`
	SecurityControlID   string       `json:"SecurityControlId"`
	RelatedRequirements []string     `json:"RelatedRequirements,omitempty"`
	StatusReasons       []asffReason `json:"StatusReasons,omitempty"`
}

type asffReason struct {
	ReasonCode  string `json:"ReasonCode"`
	Description string `json:"Description"`
}

type asffStatus struct {
	Status string `json:"Status"`
}
