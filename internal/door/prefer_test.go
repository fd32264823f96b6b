package door_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// A person without any right chooses language, zone and look; nothing else of the record moves, and the
// change is in the journal.
func TestPrefer(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		stan := w.Person(t, "Stan Stranger", id.ID{})
		set := func(s *door.Session, locale, zone, theme string) (*door.Person, error) {
			p := door.Preferences{}
			for _, x := range []struct {
				to   **string
				text string
			}{{&p.Locale, locale}, {&p.Zone, zone}, {&p.Theme, theme}} {
				if x.text != "-" {
					*x.to = &x.text
				}
			}
			return s.Prefer(ctx, p)
		}
		changes := func() int {
			list, err := w.As(w.Owner).Journal(ctx, door.JournalQuery{Verb: "update", Object: "user"})
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		s := w.As(stan)
		p, err := set(s, "zh_cn", "Asia/Shanghai", "dark")
		if err != nil || p.Locale != "zh_cn" || p.Zone.String() != "Asia/Shanghai" || p.Theme != "dark" {
			t.Fatalf("%+v (%v)", p, err)
		}
		if p, err = set(s, "-", "-", "light"); err != nil || p.Locale != "zh_cn" || p.Theme != "light" || p.Name != "Stan Stranger" {
			t.Errorf("%+v (%v)", p, err)
		}
		if _, err = set(s, "zh_cn", "-", "light"); err != nil || changes() != 2 {
			t.Errorf("with one that changes nothing: %d entries (%v)", changes(), err)
		}
		for _, bad := range [][4]string{{"locale", "fr", "-", "-"}, {"timezone", "-", "Mars/Base", "-"}, {"timezone", "-", "Local", "-"}, {"theme", "-", "-", "pink"}, {"theme", "-", "-", ""}} {
			_, err := set(s, bad[1], bad[2], bad[3])
			if fields := fault.FieldsOf(err); !fault.Is(err, fault.Invalid) || len(fields) != 1 || fields[0].Name != bad[0] || strings.Contains(err.Error(), "Mars") {
				t.Errorf("%v: %v", bad, err)
			}
		}
		r, err := w.As(w.Owner).Get(ctx, "user", stan, door.GetOptions{})
		if err != nil || r.Version != 3 || r.Text("email") == "" || r.Value("active") != true {
			t.Errorf("%+v (%v)", r, err)
		}
	})
}
