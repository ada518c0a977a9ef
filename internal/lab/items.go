package lab

func (l *Lab) seedItems() error { return nil }
