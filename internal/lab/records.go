package lab

func (l *Lab) seedRecords() error { return nil }
