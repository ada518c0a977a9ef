package report

// The structs of an OCSF 1.6.0 Compliance Finding that we write. Optional
// members are absent, never null or empty.

type ocsfEvent struct {
	ActivityID   int            `json:"activity_id"`
	ActivityName string         `json:"activity_name"`
	CategoryName string         `json:"category_name"`
	CategoryUID  int            `json:"category_uid"`
	ClassName    string         `json:"class_name"`
	ClassUID     int            `json:"class_uid"`
	TypeName     string         `json:"type_name"`
	TypeUID      int            `json:"type_uid"`
	Time         int64          `json:"time"` // milliseconds
	TimeDT       string         `json:"time_dt"`
	StartTime    int64          `json:"start_time"`
	EndTime      int64          `json:"end_time"`
	Severity     string         `json:"severity"`
	SeverityID   int            `json:"severity_id"`
	Status       string         `json:"status,omitempty"`
	StatusID     int            `json:"status_id,omitempty"` // of the finding's life: New, Suppressed
	Message      string         `json:"message"`
	Cloud        ocsfCloud      `json:"cloud"`
	Compliance   ocsfCompliance `json:"compliance"`
	Info         ocsfInfo       `json:"finding_info"`
	Resources    []ocsfResource `json:"resources"`
	Remediation  *ocsfRemedy    `json:"remediation,omitempty"`
	Evidences    []ocsfEvidence `json:"evidences,omitempty"`
	Metadata     ocsfMetadata   `json:"metadata"`
	Unmapped     map[string]any `json:"unmapped,omitempty"`
}

type ocsfCloud struct {
	Provider  string       `json:"provider"`
	Account   *ocsfAccount `json:"account,omitempty"`
	Region    string       `json:"region,omitempty"`
	Partition string       `json:"cloud_partition,omitempty"`
}

type ocsfAccount struct {
	UID    string `json:"uid"`
	Type   string `json:"type"`
	TypeID int    `json:"type_id"`
}

type ocsfCompliance struct {
	Control       string      `json:"control"`
	Desc          string      `json:"desc,omitempty"`
	Standards     []string    `json:"standards,omitempty"`
	Requirements  []string    `json:"requirements,omitempty"`
	Checks        []ocsfCheck `json:"checks"`
	Status        string      `json:"status"`
	StatusID      int         `json:"status_id"`
	StatusDetails []string    `json:"status_details,omitempty"`
}

type ocsfCheck struct {
	UID        string `json:"uid"`
	Name       string `json:"name"`
	Severity   string `json:"severity"` // of the policy, whatever the status
	SeverityID int    `json:"severity_id"`
	Status     string `json:"status"`
	StatusID   int    `json:"status_id"`
}

type ocsfInfo struct {
	UID      string       `json:"uid"`
	Title    string       `json:"title"`
	Types    []string     `json:"types"`
	Analytic ocsfAnalytic `json:"analytic"`
}

type ocsfAnalytic struct {
	UID     string `json:"uid"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	TypeID  int    `json:"type_id"`
	Version string `json:"version,omitempty"` // digest of the policy's file
}

type ocsfResource struct {
	UID       string `json:"uid"`
	Name      string `json:"name,omitempty"`
	Type      string `json:"type"`
	Region    string `json:"region,omitempty"`
	Partition string `json:"cloud_partition,omitempty"`
}

type ocsfRemedy struct {
	Desc       string   `json:"desc"`
	References []string `json:"references,omitempty"`
}

type ocsfEvidence struct {
	API  ocsfAPI           `json:"api"`
	Data map[string]string `json:"data,omitempty"`
}

type ocsfAPI struct {
	Operation string        `json:"operation"`
	Service   *ocsfUID      `json:"service,omitempty"`
	Request   *ocsfUID      `json:"request,omitempty"`
	Response  *ocsfResponse `json:"response,omitempty"`
}

type ocsfUID struct {
	UID string `json:"uid"`
}

type ocsfResponse struct {
	Code  int    `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
}

type ocsfMetadata struct {
	Version        string      `json:"version"`
	Product        ocsfProduct `json:"product"`
	Profiles       []string    `json:"profiles"`
	UID            string      `json:"uid"`
	EventCode      string      `json:"event_code"`
	CorrelationUID string      `json:"correlation_uid,omitempty"` // digest of the evidence
	Labels         []string    `json:"labels,omitempty"`
}

type ocsfProduct struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version,omitempty"`
}
