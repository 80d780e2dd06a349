package wire

import (
	"reflect"
	"strings"
	"testing"
)

const flatAnswer = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PayforResponse>\n<AuthCode>S40917</AuthCode>\n<TransId>LNK-7F</TransId>" +
	"<ErrMsg>Onaylandı</ErrMsg><Empty></Empty><Shut/><x-1._>\n </x-1._>\n</PayforResponse>\n"

func TestFlatAnswersAreReadWithoutTheWholeReader(t *testing.T) {
	for _, text := range []string{
		flatAnswer, "<PayforResponse></PayforResponse>", "<?xml version='1.0' encoding='ISO-8859-9'?><PayforResponse>x<a>1</a>y</PayforResponse>",
		strings.ReplaceAll(flatAnswer, "\n", "\r\n"), "\r\r\n<PayforResponse>\r<a>\r\n\r \n</a>\r\r\n</PayforResponse>\r",
		"<?xml version=\"1.0\"?><PayforResponse>" + strings.Repeat("<a>b</a>", maxNodes-1) + "</PayforResponse>",
	} {
		got, ok := readFlat(text, "PayforResponse")
		if !ok {
			t.Errorf("not flat: %.200s", text)
			continue
		}
		agrees(t, text, got)
	}
}

func TestWhatIsNotFlatIsLeftToTheWholeReader(t *testing.T) {
	for _, text := range []string{
		"", "<", "<PayforResponse", "<PayforResponse/>", "<PayforResponse a='1'></PayforResponse>", "<Payfor></Payfor>",
		"<PayforResponse><a><b/></a></PayforResponse>", "<PayforResponse><a>&lt;</a></PayforResponse>", "<PayforResponse><a>]]></a></PayforResponse>",
		"<PayforResponse><a>1</a></PayforResponse>x", "<PayforResponse><a>1</b></PayforResponse>", "<PayforResponse><a>1</a>", "<PayforResponse><a>1",
		"<PayforResponse><a x='1'>1</a></PayforResponse>", "<PayforResponse><!-- --></PayforResponse>", "<PayforResponse><a><![CDATA[1]]></a></PayforResponse>",
		"<!DOCTYPE PayforResponse><PayforResponse></PayforResponse>", "<PayforResponse><1>x</1></PayforResponse>", "<PayforResponse><ı>x</ı></PayforResponse>",
		"<PayforResponse><n:a>x</n:a></PayforResponse>", "<PayforResponse><a>\x01</a></PayforResponse>",
		"<PayforResponse><a>\uffff</a></PayforResponse>", "<?xml version=\"1.1\"?><PayforResponse></PayforResponse>", "<?xml version=\"1.0\" encoding=\"UTF-8' ?><PayforResponse></PayforResponse>",
		"<PayforResponse>" + strings.Repeat("<a/>", maxNodes) + "</PayforResponse>", "<PayforResponse></PayforResponse><PayforResponse></PayforResponse>", "x<PayforResponse></PayforResponse>",
	} {
		if n, ok := readFlat(text, "PayforResponse"); ok {
			t.Errorf("%.200s was read as flat: %.300v", text, n)
		}
	}
}

// agrees holds a flat reading against the whole reader's.
func agrees(t *testing.T, text string, got Node) {
	t.Helper()
	want, err := readTree(text, "PayforResponse")
	if err != nil {
		t.Fatalf("%q was read as flat, and the whole reader says: %v", text, err)
	}
	if len(want.Children) == 0 && len(got.Children) == 0 {
		want.Children, got.Children = nil, nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q\nflat  %+v\nwhole %+v", text, got, want)
	}
}

// FuzzReadFlat: what the flat reader takes, the whole reader takes, with the same content.
func FuzzReadFlat(f *testing.F) {
	f.Add(flatAnswer)
	f.Add("<PayforResponse><a>]]</a><b>></b></PayforResponse>")
	f.Add("\r\n<PayforResponse>\r\n<a>\r\r\n</a>\n\r</PayforResponse>\r")
	f.Add("\n<?xml version='1.0' encoding='x'?>\t<PayforResponse>x<a.b/><_>\xef\xbf\xbd</_></PayforResponse>")
	f.Fuzz(func(t *testing.T, body string) {
		text := Text([]byte(body))
		if got, ok := readFlat(text, "PayforResponse"); ok {
			agrees(t, text, got)
		}
	})
}

func BenchmarkReadXML(b *testing.B) {
	body := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PayforResponse>" + strings.Repeat("<SomeFieldOfTheBank>its value</SomeFieldOfTheBank>", 120) + "</PayforResponse>")
	for name, read := range map[string]func(string, string) (Node, error){
		"flat": func(text, root string) (Node, error) { n, _ := readFlat(text, root); return n, nil }, "whole": readTree,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n, err := read(Text(body), "PayforResponse"); err != nil || len(n.Children) != 120 {
					b.Fatal(err)
				}
			}
		})
	}
}
