package door

import "context"

// Reload reads what people defined, as a node does when another one changed it.
func (d *Door) Reload(ctx context.Context) error { return d.loadSchema(ctx) }
