package transfer

import (
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
)

func TestCards(t *testing.T) {
	t.Parallel()
	card := func(lines ...string) string {
		return "BEGIN:VCARD\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
	}
	for _, c := range []struct {
		name, file string
		want       string // of the first card: the columns that hold something
		reason     string
	}{
		{"2.1, quoted-printable in two lines, parameters without a name", card("VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=91=20=", "=C3=91;Ann;;;", "TEL;CELL;PREF:123 456", "TEL;WORK;FAX:999 999", "EMAIL;PREF;INTERNET:a@example.com"), "last_name=Ñ Ñ first_name=Ann email=a@example.com phone=123 456", ""},
		{"2.1, Latin 1", card("N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;;;;"), "last_name=Müller", ""},
		{"2.1, a line that is no text", card("N:Li;;;;", "ORG;ENCODING=QUOTED-PRINTABLE:=80"), "last_name=Li !ORG bad_encoding", ""},
		{"2.1, one of two lines is no text", card("N:Li;;;;", "ORG;ENCODING=QUOTED-PRINTABLE:=80", "ORG:Alpha"), "last_name=Li company=Alpha", ""},
		{"3.0, escapes, folded lines, groups", card("VERSION:3.0", "N:Doe\\;Roe;John;Q\\, R;Dr.;", "item1.ORG:A\\, B;Sales", "NOTE:one\\ntw", " o", "item2.ADR;TYPE=HOME:;;1 Home St;A;;1;X", "ADR;TYPE=WORK:;Floor 2;2 Work St;B;C;2;Y"), `last_name=Doe;Roe first_name=John Q  R salutation=Dr. company=A, B department=Sales address={"street":"2 Work St, Floor 2","city":"B","state":"C","postal_code":"2","country":"Y"} description=one
two`, ""},
		{"3.0, empty lines between folded ones", "BEGIN:VCARD\r\r\nN:Li;;;;\r\r\nPHOTO;ENCODING=b:AAAA\r\r\n BBBB\r\r\nTITLE:Buyer\r\r\nEND:VCARD\r\r\n", "last_name=Li position=Buyer", ""},
		{"4.0, addresses as URIs, what is preferred", card("VERSION:4.0", "N:Perreault;Simon;;;", "TEL;VALUE=uri;TYPE=\"work,voice\":tel:+1-418-656-9254;ext=102", "TEL;PREF=1;VALUE=uri:tel:+1-418-262-6501", "EMAIL;PREF=2:b@example.com", "EMAIL;PREF=1:a@example.com", "BDAY:--0203", "UID:urn:x"), "last_name=Perreault first_name=Simon email=a@example.com email 2=b@example.com phone=+1-418-262-6501 phone 2=+1-418-656-9254 ext 102 uid=urn:x", ""},
		{"the shown name only", card("FN:Frank J. Dawson", "BDAY:1970-09-21T00:00:00Z"), "last_name=Dawson first_name=Frank J. birthday=1970-09-21", ""},
		{"the shown name in Chinese", card("FN:王 芳"), "last_name=芳 first_name=王", ""},
		{"a given name only", card("N:;Ann;;;"), "last_name=Ann", ""},
		{"a card in a card", card("N:Li;;;;", "AGENT:", "BEGIN:VCARD", "N:Other;;;;", "END:VCARD", "TITLE:Buyer"), "last_name=Li position=Buyer", ""},
		{"a colon in quotes", card("N:Li;;;;", "TEL;LABEL=\"a:b\":123 456"), "last_name=Li phone=123 456", ""},
		{"no end", "BEGIN:VCARD\nN:Li;;;;\n", "", "card_not_ended"},
		{"something between cards", card("N:Li;;;;") + "name,city\n" + card("N:Ma;;;;"), "", "no_card"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			table, err := Read(Bytes([]byte(c.file)), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			err = table.Each(nil, func(n int, r *Row) error {
				for i, cell := range r.Cells {
					if cell != "" && n == 0 {
						got = append(got, table.Columns[i]+"="+cell)
					}
				}
				for _, w := range r.Wrong {
					got = append(got, "!"+w.Name+" "+w.Reason)
				}
				return nil
			})
			if fault.Reason(err) != c.reason || c.reason == "" && (err != nil || strings.Join(got, " ") != c.want) {
				t.Errorf("got %q (%v)", strings.Join(got, " "), err)
			}
		})
	}
}
