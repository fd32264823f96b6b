package sales

import (
	"testing"

	"github.com/wardbook/wardbook/internal/schema"
)

func TestObjectsAreSound(t *testing.T) {
	t.Parallel()
	s, err := schema.New(append(schema.System(), Objects()...)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range s.Objects() {
		for _, f := range o.Fields {
			if f.Default == "" {
				continue
			}
			if _, err := f.ParseText(f.Default); err != nil {
				t.Errorf("%s.%s: its default: %v", o.Name, f.Name, err)
			}
		}
	}
}
