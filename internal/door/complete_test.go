package door

import "testing"

// What was complete stays so until a change, and is looked at again after a change of the structure, also
// by whoever was looking meanwhile.
func TestComplete(t *testing.T) {
	t.Parallel()
	var c complete
	check := func(what string, want uint64) (turn uint64) {
		t.Helper()
		seen, turn := c.state()
		if seen != want {
			t.Errorf("%s: complete up to %d, want %d", what, seen, want)
		}
		return turn
	}
	turn := check("at first", 0)
	c.reached(5, turn)
	check("looked at", 5)
	c.forget()
	check("after a change of the structure", 0)
	c.reached(6, turn)
	check("looked at before the change", 0)
	c.reached(7, check("", 0))
	check("looked at again", 7)
}
