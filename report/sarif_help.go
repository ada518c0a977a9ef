package report

import (
	"net/url"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// ruleHelp says what a policy wants, why, how to mend a failure and where
// more is to be read; as text, and as the Markdown that GitHub shows.
func ruleHelp(p rego.Policy) sarifText {
	var text, md strings.Builder
	part := func(title, body string) {
		if body = strings.TrimSpace(body); body != "" {
			text.WriteString(title + ": " + printable(body) + "\n")
			md.WriteString("**" + escapeMarkdown(title) + ":** " + escapeMarkdown(body) + "\n\n")
		}
	}
	part("What", p.Title)
	part("Why", p.Description)
	part("How to fix", p.Remediation)
	part("Resource type", p.Resource)
	part("Control", p.Control)
	for _, f := range supports(p) {
		part("Supports "+f.Name, f.Value)
	}
	for _, link := range p.RelatedResources {
		if isLink(link) {
			text.WriteString("See: " + link + "\n")
			md.WriteString("- <" + link + ">\n")
		} else {
			part("See", link)
		}
	}
	return sarifText{Text: text.String(), Markdown: md.String()}
}

// escapeMarkdown makes text plain in GitHub's Markdown: no markup, no HTML,
// no mention, no table cell.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range printable(s) {
		switch r {
		case '&':
			b.WriteString("&amp;")
			continue
		case '<':
			b.WriteString("&lt;")
			continue
		case '>':
			b.WriteString("&gt;")
			continue
		case '@': // would notify a person
			b.WriteString("&#64;")
			continue
		}
		if strings.ContainsRune("\\`*_{}[]()#+!|~$", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isLink says whether s is a web address that may become a link: absolute,
// https or http, and of nothing but the characters of a URL.
func isLink(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"`\\^{|}", r) })
}
