package fault

import (
	"math/rand/v2"
	"testing"
)

// The process is killed under load, again and again, on one folder.
func TestKillServer(t *testing.T) {
	t.Parallel()
	for engine, rounds := range map[string]int{"sqlite": 8, "postgresql": 4} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				rounds = 2
			}
			s := newSite(t, engine)
			r := rand.New(rand.NewPCG(1, 2))
			l := newLoad(s, 4, 3)
			v := s.start()
			for range rounds {
				l.until(v, 10+int64(r.IntN(120)), v.kill, nil)
				v = s.start()
				l.check(v)
			}
			v.kill() // a last time, with nothing in doubt
			s.verify()
		})
	}
}
