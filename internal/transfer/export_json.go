package transfer

import (
	"bufio"
	"encoding/json"

	"github.com/wardbook/wardbook/internal/door"
)

// jsonFormat writes an array, or one object on each line (NDJSON), with values as the API shows them.
// An array that was cut off has no end, so that nobody takes it for whole.
type jsonFormat struct {
	w      *bufio.Writer
	fields []string
	lines  bool
	begun  bool
}

func (j *jsonFormat) record(r *door.Record) error {
	m := map[string]any{"id": r.ID.String(), "version": r.Version}
	for _, name := range j.fields {
		if v := r.JSON(name); v != nil && name != "id" && name != "version" {
			m[name] = v
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	before, after := "", "\n"
	switch {
	case !j.lines && j.begun:
		before, after = ",\n", ""
	case !j.lines:
		before, after = "[\n", ""
	}
	j.begun = true
	_, _ = j.w.WriteString(before) // the next write tells of an error
	_, _ = j.w.Write(b)
	_, err = j.w.WriteString(after)
	return err
}

func (j *jsonFormat) end() error {
	text := "\n]\n"
	switch {
	case j.lines:
		text = ""
	case !j.begun:
		text = "[]\n"
	}
	_, err := j.w.WriteString(text)
	return err
}

func (j *jsonFormat) most() int { return MaxExport }
