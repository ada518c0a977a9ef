package item

import (
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Bounds of a number (Amazon DynamoDB Developer Guide, "Naming rules and data
// types", Number).
const (
	maxDigits = 38
	maxPower  = 125
	minPower  = -130
)

// Normalise writes a number without exponent, leading and trailing zeros, as
// both encryption libraries do before they authenticate it (AWS Database
// Encryption SDK for DynamoDB specification, "Number Normalization"). Its
// error wraps ErrFormat.
func Normalise(s string) (string, error) {
	if plain(s) {
		return s, nil
	}
	negative, digits, point, err := scan(s)
	if err != nil {
		return "", err
	}
	// The number is 0.digits times ten to the point.
	for len(digits) > 0 && digits[0] == '0' {
		digits, point = digits[1:], point-1
	}
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return "0", nil
	}
	if len(digits) > maxDigits || point-1 > maxPower || point-1 < minPower {
		return "", fmt.Errorf("%w: a number has more than %d digits or is beyond DynamoDB's range", envelope.ErrFormat, maxDigits)
	}
	sign := ""
	if negative {
		sign = "-"
	}
	switch {
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits, nil
	case point >= len(digits):
		return sign + digits + strings.Repeat("0", point-len(digits)), nil
	}
	return sign + digits[:point] + "." + digits[point:], nil
}

// plain tells of the common case, a short integer that is normal already.
func plain(s string) bool {
	if len(s) == 0 || len(s) > 18 || s[0] < '1' || s[0] > '9' {
		return s == "0"
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func badNumber() error { return fmt.Errorf("%w: a number is not decimal", envelope.ErrFormat) }

// scan splits a number into its digits and the place of its point.
func scan(s string) (negative bool, digits string, point int, err error) {
	if len(s) > 512 {
		return false, "", 0, badNumber()
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	mantissa, power := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		if power, err = exponent(s[i+1:]); err != nil {
			return false, "", 0, err
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false, "", 0, badNumber()
	}
	return negative, digits, len(whole) + power, nil
}

func exponent(s string) (int, error) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("%w: a number's exponent is not up to four digits", envelope.ErrFormat)
	}
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	if negative {
		n = -n
	}
	return n, nil
}
