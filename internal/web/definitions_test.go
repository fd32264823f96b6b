package web

import (
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb"
)

// TestDryDefinition tries definitions without carrying them out; send holds the answers to the document.
func TestDryDefinition(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	const car = `{"name":"car","label":{"en":"Car","zh":"车"},"plural":{"en":"Cars","zh":"车"},"title":["code"],"fields":[{"name":"code","type":"text","class":"internal","label":{"en":"Code","zh":"编号"}}]}`
	s.send(t, "POST", "/api/v1/objects?dry_run=perhaps", s.owner, car).want(400)
	s.send(t, "POST", "/api/v1/objects?dry_run=true", s.owner, car).want(200)
	s.send(t, "GET", "/api/v1/objects/car", s.owner, "").want(404)
	s.send(t, "POST", "/api/v1/objects", s.owner, car).want(201)
	formula := func(text string) string {
		return `{"name":"sign","type":"formula","class":"internal","label":{"en":"Sign","zh":"牌"},"formula":"` + text + `"}`
	}
	s.send(t, "POST", "/api/v1/objects/car/fields?dry_run=true", s.owner, formula("colour")).want(422)
	s.send(t, "POST", "/api/v1/objects/car/fields?dry_run=true", s.owner, formula("has(code)")).want(200)
	s.send(t, "PATCH", "/api/v1/objects/car/fields/code?dry_run=true", s.owner, `{"class":"personal"}`).want(200)
	s.send(t, "PATCH", "/api/v1/objects/car/fields/sign", s.owner, `{"required":false}`).want(404)
	s.send(t, "PATCH", "/api/v1/objects/car/fields/code", s.owner, `{"archived":true}`).want(422) // it names the records
	s.send(t, "GET", "/api/v1/definitions", s.owner, "").want(200)
}
