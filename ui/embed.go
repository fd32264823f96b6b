// Package ui embeds the built front end. A program that was built without it holds an empty folder,
// and says so when a person comes.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built front end: index.html, and assets with .br and .gz forms beside them. Without
// a build only .keep is in it.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil { // never: the name is valid
		return dist
	}
	return sub
}
