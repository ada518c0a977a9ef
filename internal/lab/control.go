package lab

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// controlPath is where people who use the account ask it for what AWS does not
// offer. No bucket can be called so.
const controlPath = "/_lab/"

// control answers what AWS does not offer: the clock (GET, and POST with
// ?advance=24h), the disks (GET store: JSON, one place a member, base64), and
// the calls so far. It says whether the request was one for it.
func (l *Lab) control(w http.ResponseWriter, r *http.Request) bool {
	what, ours := strings.CutPrefix(r.URL.Path, controlPath)
	if !ours {
		return false
	}
	switch r.Method + " " + what {
	case "POST clock":
		d, err := time.ParseDuration(r.URL.Query().Get("advance"))
		if err != nil || d < 0 || d > maxAdvance {
			http.Error(w, "advance takes a duration up to 10000h: 90s, 24h", http.StatusBadRequest)
			return true
		}
		l.Advance(d)
		answerJSON(w, map[string]any{"now": l.Now().UTC().Format(time.RFC3339)})
	case "GET clock":
		answerJSON(w, map[string]any{"now": l.Now().UTC().Format(time.RFC3339)})
	case "GET store":
		answerJSON(w, l.Dump())
	case "GET calls":
		answerJSON(w, l.Calls())
	default:
		http.Error(w, "the embedded account has "+controlPath+"clock, "+controlPath+"store and "+controlPath+"calls", http.StatusNotFound)
	}
	return true
}

// maxAdvance is a year and more, in steps of minutes.
const maxAdvance = 10_000 * time.Hour

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}
