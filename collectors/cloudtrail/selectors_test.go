package cloudtrail_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

func basic(readWrite string, management bool, excluded ...string) object {
	return object{"ReadWriteType": readWrite, "IncludeManagementEvents": management, "DataResources": []any{}, "ExcludeManagementEventSources": excluded}
}

// selector makes an advanced selector of fields given as name, operator, values.
func selector(fields ...[]string) object {
	var list []any
	for _, f := range fields {
		list = append(list, object{"Field": f[0], f[1]: f[2:]})
	}
	return object{"Name": "x", "FieldSelectors": list}
}

// said are the facts in short: read, write, KMS left out (y, n, ?), complete,
// and the sources left out.
type said struct {
	facts    string
	excluded []string
}

func short(s *cloudtrail.Selectors) string {
	out := ""
	for _, b := range []*bool{s.ManagementRead, s.ManagementWrite, s.KMSExcluded} {
		switch {
		case b == nil:
			out += "?"
		case *b:
			out += "y"
		default:
			out += "n"
		}
	}
	return out
}

func TestSelectors(t *testing.T) {
	management := []string{"eventCategory", "Equals", "Management"}
	read, write := []string{"readOnly", "Equals", "true"}, []string{"readOnly", "Equals", "false"}
	noKMS := []string{"eventSource", "NotEquals", "kms.amazonaws.com"}
	rds := "rdsdata.amazonaws.com"
	for name, tt := range map[string]struct {
		basic, advanced []any
		want            said
		complete        string // y, n, ?
		gaps            []string
	}{
		"all":                       {basic: []any{basic("All", true)}, want: said{"yyn", nil}, complete: "y"},
		"reads only":                {basic: []any{basic("ReadOnly", true)}, want: said{"yny", nil}, complete: "n"},
		"writes only":               {basic: []any{basic("WriteOnly", true)}, want: said{"nyy", nil}, complete: "n"},
		"data events only":          {basic: []any{basic("All", false)}, want: said{"nny", nil}, complete: "n"},
		"reads and writes in turn":  {basic: []any{basic("WriteOnly", true), basic("ReadOnly", true), basic("All", false)}, want: said{"yyn", nil}, complete: "y"},
		"without KMS":               {basic: []any{basic("All", true, rds, "kms.amazonaws.com")}, want: said{"yyy", []string{"kms.amazonaws.com", rds}}, complete: "n"},
		"without RDS data":          {basic: []any{basic("All", true, rds)}, want: said{"yyn", []string{rds}}, complete: "n"},
		"KMS left out of one only":  {basic: []any{basic("All", true, "kms.amazonaws.com"), basic("All", true)}, want: said{"yyn", nil}, complete: "y"},
		"KMS left out of reads":     {basic: []any{basic("ReadOnly", true, "kms.amazonaws.com"), basic("WriteOnly", true)}, want: said{"yyy", []string{"kms.amazonaws.com"}}, complete: "n"},
		"KMS left out where unused": {basic: []any{basic("All", false, "kms.amazonaws.com"), basic("All", true)}, want: said{"yyn", nil}, complete: "y"},

		"advanced, all":                      {advanced: []any{selector(management)}, want: said{"yyn", nil}, complete: "y"},
		"advanced, reads":                    {advanced: []any{selector(management, read)}, want: said{"yny", nil}, complete: "n"},
		"advanced, writes":                   {advanced: []any{selector(management, write)}, want: said{"nyy", nil}, complete: "n"},
		"advanced, reads and writes in turn": {advanced: []any{selector(management, read), selector(write, management)}, want: said{"yyn", nil}, complete: "y"},
		"advanced, both values":              {advanced: []any{selector(management, []string{"readOnly", "Equals", "true", "false"})}, want: said{"yyn", nil}, complete: "y"},
		"advanced, not reads":                {advanced: []any{selector(management, []string{"readOnly", "NotEquals", "true"})}, want: said{"nyy", nil}, complete: "n"},
		"advanced, without KMS":              {advanced: []any{selector(management, noKMS)}, want: said{"yyy", []string{"kms.amazonaws.com"}}, complete: "n"},
		"advanced, without KMS and RDS data": {advanced: []any{selector(management, []string{"eventSource", "NotEquals", "kms.amazonaws.com", rds})}, want: said{"yyy", []string{"kms.amazonaws.com", rds}}, complete: "n"},
		"advanced, KMS by itself beside":     {advanced: []any{selector(management, noKMS), selector(management, []string{"eventSource", "Equals", "kms.amazonaws.com"})}, want: said{"yyn", nil}, complete: "y"},
		"advanced, KMS writes beside":        {advanced: []any{selector(management, noKMS), selector(management, write, []string{"eventSource", "Equals", "kms.amazonaws.com"})}, want: said{"yyy", []string{"kms.amazonaws.com"}}, complete: "n"},
		"advanced, data only":                {advanced: []any{selector([]string{"eventCategory", "Equals", "Data"}, []string{"eventName", "Equals", "PutObject"})}, want: said{"nny", nil}, complete: "n"},
		"advanced, a newer category":         {advanced: []any{selector([]string{"eventCategory", "Equals", "NetworkActivity"}), selector(management)}, want: said{"yyn", nil}, complete: "y"},
		"advanced, data beside management":   {advanced: []any{selector([]string{"eventCategory", "Equals", "Data"}), selector(management)}, want: said{"yyn", nil}, complete: "y"},
		"advanced, KMS only": {advanced: []any{selector(management, []string{"eventSource", "Equals", "kms.amazonaws.com"})}, want: said{"??n", nil}, complete: "n",
			gaps: []string{"facts.selectors.management_read", "facts.selectors.management_write"}},
		"advanced, by name": {advanced: []any{selector(management, []string{"eventName", "NotEquals", "Decrypt"})}, want: said{"???", nil}, complete: "?",
			gaps: []string{"facts.selectors.excluded_sources", "facts.selectors.kms_excluded", "facts.selectors.management_read", "facts.selectors.management_write"}},
		"advanced, by name beside all": {advanced: []any{selector(management, []string{"eventName", "NotEquals", "Decrypt"}), selector(management)}, want: said{"yyn", nil}, complete: "y"},
		"advanced, writes and some reads": {advanced: []any{selector(management, write), selector(management, read, []string{"userIdentity.arn", "StartsWith", "arn:aws:iam::"})}, want: said{"?y?", nil}, complete: "?",
			gaps: []string{"facts.selectors.excluded_sources", "facts.selectors.kms_excluded", "facts.selectors.management_read"}},
		"advanced, reads without some KMS": {advanced: []any{selector(management, []string{"eventSource", "NotStartsWith", "kms"})}, want: said{"??y", nil}, complete: "n",
			gaps: []string{"facts.selectors.excluded_sources", "facts.selectors.management_read", "facts.selectors.management_write"}},
		"advanced, two operators": {advanced: []any{selector(management), object{"FieldSelectors": []any{object{"Field": "eventCategory", "Equals": []string{"Data"}, "NotEquals": []string{"Insight"}}}}}, want: said{"yyn", nil}, complete: "y"},
		"advanced, two operators alone": {advanced: []any{object{"FieldSelectors": []any{object{"Field": "eventCategory", "Equals": []string{"Management"}, "NotEquals": []string{"Insight"}}}}}, want: said{"???", nil}, complete: "?",
			gaps: []string{"facts.selectors.excluded_sources", "facts.selectors.kms_excluded", "facts.selectors.management_read", "facts.selectors.management_write"}},
		"advanced, no category": {advanced: []any{selector(read)}, want: said{"?ny", nil}, complete: "n",
			gaps: []string{"facts.selectors.excluded_sources", "facts.selectors.management_read"}},
		"advanced, a newer field": {advanced: []any{selector(management, []string{"moonPhase", "Equals", "full"})}, want: said{"???", nil}, complete: "?",
			gaps: []string{"facts.selectors.excluded_sources", "facts.selectors.kms_excluded", "facts.selectors.management_read", "facts.selectors.management_write"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, trail(nil))
			reply := object{"TrailARN": mainARN}
			if tt.basic != nil {
				reply["EventSelectors"] = tt.basic
			} else {
				reply["AdvancedEventSelectors"] = tt.advanced
			}
			a["cloudtrail:GetEventSelectors"] = api.Always(api.JSON(reply))
			sink, _ := collect(t.Context(), t, a, "eu-west-1")
			r := sink.Find(t, mainARN)
			s := r.Facts.(cloudtrail.TrailFacts).Selectors
			if got := short(s); got != tt.want.facts || s.Advanced != (tt.advanced != nil) {
				t.Errorf("read, write, KMS left out: %s, want %s", got, tt.want.facts)
			}
			if diff := cmp.Diff(tt.want.excluded, s.ExcludedSources); diff != "" {
				t.Errorf("left out\n%s", diff)
			}
			var want []string
			for _, g := range tt.gaps {
				want = append(want, g+" unmodelled")
			}
			if diff := cmp.Diff(want, gapsOf(r)); diff != "" {
				t.Errorf("gaps\n%s", diff)
			}
			whole := sink.Find(t, account)
			complete := map[bool]string{true: "y", false: "n"}[len(whole.Facts.(cloudtrail.AccountFacts).CompleteTrails) == 1]
			if len(whole.Gaps) > 0 {
				complete = "?"
			}
			if complete != tt.complete {
				t.Errorf("complete %s, want %s: %+v", complete, tt.complete, whole)
			}
		})
	}
}

// Replies that AWS doesn't give, or not yet, are gaps on all selectors.
func TestOddSelectors(t *testing.T) {
	for name, tt := range map[string]struct {
		reply  object
		reason string
	}{
		"none":            {object{}, "no_data"},
		"empty lists":     {object{"EventSelectors": []any{}, "AdvancedEventSelectors": []any{}}, "no_data"},
		"a newer kind":    {object{"EventSelectors": []any{basic("Sometimes", true)}}, "unknown_value"},
		"no kind":         {object{"EventSelectors": []any{object{"IncludeManagementEvents": true}}}, "no_data"},
		"no management":   {object{"EventSelectors": []any{object{"ReadWriteType": "All"}}}, "no_data"},
		"one of them odd": {object{"EventSelectors": []any{basic("All", true), basic("Sometimes", true)}}, "unknown_value"},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, trail(nil))
			a["cloudtrail:GetEventSelectors"] = api.Always(api.JSON(tt.reply))
			sink, _ := collect(t.Context(), t, a, "eu-west-1")
			r := sink.Find(t, mainARN)
			if diff := cmp.Diff(facts(func(f *cloudtrail.TrailFacts) { f.Selectors = nil }), r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"facts.selectors " + tt.reason}, gapsOf(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"facts.complete_trails " + tt.reason}, gapsOf(sink.Find(t, account))); diff != "" {
				t.Errorf("account\n%s", diff)
			}
		})
	}
}

// What recordings of 2018 have: no list of sources left out.
func TestSelectorsWithoutSources(t *testing.T) {
	a := answers(t, trail(nil))
	a["cloudtrail:GetEventSelectors"] = api.Always(api.JSON(object{"EventSelectors": []any{object{"ReadWriteType": "All", "IncludeManagementEvents": true}}}))
	sink, _ := collect(t.Context(), t, a, "eu-west-1")
	want := &cloudtrail.Selectors{ManagementRead: aws.Bool(true), ManagementWrite: aws.Bool(true), KMSExcluded: aws.Bool(false)}
	if diff := cmp.Diff(want, sink.Find(t, mainARN).Facts.(cloudtrail.TrailFacts).Selectors); diff != "" {
		t.Error(diff)
	}
}
