package journal

// tileHeight is the number of tree levels in a tile, and tileWidth the hashes along its lower edge
// (C2SP tlog-tiles).
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)
