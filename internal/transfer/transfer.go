// Package transfer takes data in and out: files become records and records become files, through the
// door and under the rights of whoever asks.
package transfer

import (
	"context"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// objectOf returns an object that the session may use.
func objectOf(ctx context.Context, s *door.Session, name string) (*door.ObjectInfo, error) {
	list, err := s.Objects(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Object.Name == name {
			return &list[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "unknown_object", "there is no object %q", name)
}

// writable reports whether a file may fill a field.
func writable(f door.FieldInfo) bool {
	return !f.Field.ReadOnly && (f.Access >= policy.Editable || f.Field.Class == schema.Restricted || f.Field.Class == schema.Secret)
}

// plain is a name as columns and fields are compared: no case, no width, no spaces or signs.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-./\\()（）:：*\u00a0\ufeff", r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(s)))
}
