package rego

import (
	"fmt"
	"slices"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/sealaudit/sealaudit/collectors"
)

// keyType is the resource type that facts name in objects called "key", so
// that it is known where a missing fact could have named one.
const keyType = "AWS::KMS::Key"

// hiding is evidence that is missing and that could have named resources: of
// one resource type, for one reason.
type hiding struct {
	resourceType string
	partition    string
	account      string // of the key that is named, where that is known
	region       string // likewise
	onlyOthers   bool   // it could not have named a key
	reason       collectors.Reason
	permission   string

	first *hidingDetail
}

// hidingDetail is the first resource of a hiding, and how many there are.
type hidingDetail struct {
	arn    string
	detail string
	remedy string
	count  int
}

// hides notes gaps of the row that could hide that it names a resource.
func (a *surroundings) hides(s *schema, r *row) {
	for _, g := range r.gaps {
		keys, others := hidingsOf(s, r, g)
		for _, h := range keys {
			a.hide(h, r, g)
		}
		if len(keys) == 0 && others {
			a.hide(hiding{onlyOthers: true}, r, g)
		}
	}
}

func (a *surroundings) hide(h hiding, r *row, g gap) {
	h.resourceType, h.partition, h.reason, h.permission = r.Type, r.Partition, g.Reason, g.Permission
	known := a.hiddenBy[h]
	if known == nil {
		one := h
		one.first = &hidingDetail{arn: r.ARN, detail: g.Detail, remedy: g.Remedy}
		known = &one
		a.hiddenBy[h] = known
		a.hidden = append(a.hidden, known)
	}
	known.first.count++
}

// hidingsOf says which keys the gap could hide, and whether it hides any facts
// at all. Without a schema every fact could name a key.
func hidingsOf(s *schema, r *row, g gap) (keys []hiding, others bool) {
	for i, place := range g.at {
		if len(place) > 0 && place[0] != "facts" {
			continue
		}
		others = true
		if s == nil {
			keys = append(keys, hiding{})
			continue
		}
		for _, key := range s.keys {
			at := path{"facts"}.extend(key)
			if h, could := hidesKey(s, r, g.Attributes[i], place, at); could {
				keys = append(keys, h)
			}
		}
	}
	return slices.Compact(keys), others
}

// hidesKey says whether a gap at place hides which key stands at, and what is
// known of it all the same.
func hidesKey(s *schema, r *row, attribute string, place, key path) (hiding, bool) {
	if key[len(key)-1] != "key" || s.property(key[1:])["type"] != "object" { // a list or map with keys in it
		return hiding{}, (read{at: key}).touches(place) && !besideARN(attribute)
	}
	if !(read{at: key.extend(path{"arn"})}).touches(place) {
		return hiding{}, false
	}
	v := at(r.json, key)
	if r.unlisted || v == nil {
		return hiding{}, true
	}
	return hiding{account: str(v, "account"), region: str(v, "region")}, v.Get("arn") == nil
}

// besideARN says that the attribute, an element of a list, is a fact of a key
// other than the ARN that names it: "facts.replicas[0].key.state".
func besideARN(attribute string) bool {
	_, fact, found := strings.Cut(attribute, ".key.")
	return found && fact != "arn"
}

// gap is what is missing to know that nobody names the resource.
func (a *surroundings) gap(of *Resource) []gap {
	var out []gap
	for _, h := range a.hidden {
		if !h.couldName(of) {
			continue
		}
		who := h.first.arn
		if h.first.count > 1 {
			who = fmt.Sprintf("%s and %d more of %s", who, h.first.count-1, h.resourceType)
		}
		out = append(out, gap{at: []path{{"referenced_by"}}, Gap: collectors.Gap{
			Attributes: []string{"referenced_by"}, Reason: h.reason, Permission: h.permission, Remedy: h.first.remedy,
			Detail: "What could name this resource was not read, of " + who + ": " + h.first.detail,
		}})
	}
	return out
}

func (h *hiding) couldName(of *Resource) bool {
	if h.partition != of.Partition && h.partition != "" && of.Partition != "" {
		return false
	}
	if of.Type != keyType {
		return true
	}
	return !h.onlyOthers && (h.account == "" || h.account == of.Account) && (h.region == "" || h.region == of.Region)
}

// referredBy is input.referenced_by as JSON.
func (n *naming) referredBy(arena *fastjson.Arena) *fastjson.Value {
	list := arena.NewArray()
	for i, by := range n.by {
		one := arena.NewObject()
		one.Set("arn", arena.NewString(by.arn))
		one.Set("type", arena.NewString(by.resourceType))
		list.SetArrayItem(i, one)
	}
	return list
}
