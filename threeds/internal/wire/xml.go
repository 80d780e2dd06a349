package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/odelink/odelink/checkout"
)

// XMLType is the Content-Type of EncodeXML.
const XMLType = "text/xml; charset=UTF-8"

// EncodeXML writes one flat message: root, and an element for each field in its order.
func EncodeXML(root string, fields []checkout.Field) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header[:len(xml.Header)-1])
	b.WriteString("<" + root + ">")
	for _, f := range fields {
		b.WriteString("<" + f.Name + ">")
		// A bytes.Buffer takes everything.
		_ = xml.EscapeText(&b, []byte(f.Value))
		b.WriteString("</" + f.Name + ">")
	}
	b.WriteString("</" + root + ">")
	return b.Bytes()
}

// Node is one element of an answer. Text is what stands directly in it, as sent.
type Node struct {
	Name     string // without namespace
	Text     string
	Children []Node
}

// One gives the text of the only child of a name, blanks around it removed: banks put line ends into empty elements
// (payfor.md 6). ok is false when there is none or more than one.
func (n Node) One(name string) (text string, ok bool) {
	found := 0
	for i := range n.Children {
		if n.Children[i].Name == name {
			found++
			text = strings.TrimSpace(n.Children[i].Text)
		}
	}
	if found != 1 {
		return "", false
	}
	return text, true
}

// Limits of an answer (threat model A57).
const (
	maxDepth = 20
	maxNodes = 5000
)

var errXML = errors.New("not the XML that was expected")

// ReadXML reads a whole answer with the given root. A document type, an entity that XML itself does not have, more
// than 20 levels, a cut end, or anything after the root is an error.
func ReadXML(body []byte, root string) (Node, error) {
	text := Text(body)
	if n, ok := readFlat(text, root); ok {
		return n, nil
	}
	return readTree(text, root)
}

// readTree reads answers of any shape.
func readTree(text, root string) (Node, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	// Text has decoded already, whatever the head says.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var stack []Node
	var done *Node
	nodes := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Node{}, fmt.Errorf("%w: unreadable at byte %d", errXML, d.InputOffset())
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if nodes++; len(stack) >= maxDepth || nodes > maxNodes || done != nil {
				return Node{}, fmt.Errorf("%w: too deep, too long or two roots", errXML)
			}
			stack = append(stack, Node{Name: t.Name.Local})
		case xml.EndElement:
			n := stack[len(stack)-1] // the decoder has matched it
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				done = &n
				break
			}
			up := &stack[len(stack)-1]
			up.Children = append(up.Children, n)
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].Text += string(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return Node{}, fmt.Errorf("%w: text outside the root", errXML)
			}
		case xml.Directive:
			return Node{}, fmt.Errorf("%w: it has a document type", errXML)
		}
	}
	if done == nil || done.Name != root {
		return Node{}, fmt.Errorf("%w: root is not %s", errXML, root)
	}
	return *done, nil
}
