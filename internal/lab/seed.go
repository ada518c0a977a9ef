package lab

import "fmt"

// seed writes the contents that the account's data lists, through the paths
// that calls take. It runs once, before the account is served.
func (l *Lab) seed() error {
	l.state.Lock()
	defer l.state.Unlock()
	if l.seeded {
		return nil
	}
	l.seeded = true
	steps := []struct {
		what  string
		write func() error
	}{{"objects", l.seedObjects}, {"records", l.seedRecords}, {"items", l.seedItems}}
	for _, s := range steps {
		if err := s.write(); err != nil {
			return fmt.Errorf("writing the account's %s: %w; see the types of internal/lab for what may stand there", s.what, err)
		}
	}
	return nil
}
