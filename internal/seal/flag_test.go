package seal

import "flag"

var (
	long   = flag.Bool("long", false, "run the million rounds of the C2SP vectors")
	update = flag.Bool("update", false, "write testdata/*.json anew")
)
