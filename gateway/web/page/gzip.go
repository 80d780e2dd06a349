package page

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"sync"
)

// A spliced gzip member (RFC 1952) is
//
//	header | text deflated | values stored | text deflated | values stored | … | last text | CRC-32, length
//
// Each long text is deflated alone and flushed, which leaves the stream byte-aligned behind the
// three header bits of a stored block (RFC 1951, 3.2.4); that block's length and content follow:
// the values up to the next long text, with the few characters between them. Values are therefore
// never compressed together with anything: what a stranger writes into a description tells nothing
// about the rest through the length of the answer (BREACH).

// gzipHeader: deflate, no name, no time, best compression, unknown system.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255}

// emptyStored is the length and its complement of a stored block without content, the end of what
// Flush writes.
var emptyStored = []byte{0, 0, 0xff, 0xff}

// deflaters keeps compressors: each has most of a megabyte of tables, and a page has dozens of texts.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestCompression)
	if err != nil {
		panic(err) // of the level alone
	}
	return w
}}

// deflateSegments compresses texts one by one; nil is a text that is written as it is. The first is
// always compressed, the last ends the stream.
func deflateSegments(text [][]byte) ([][]byte, error) {
	out := make([][]byte, len(text))
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	for i, t := range text {
		last := i == len(text)-1
		packed, err := deflate(w, t, last)
		if err != nil {
			return nil, fmt.Errorf("deflating the checkout page: %w", err)
		}
		if i == 0 || last || len(packed)+len(emptyStored) < len(t) { // else dearer than writing it between its neighbours' values
			out[i] = packed
		}
	}
	return out, nil
}

// deflate compresses one text, which others follow unless it is the last.
func deflate(w *flate.Writer, text []byte, last bool) ([]byte, error) {
	var b bytes.Buffer
	w.Reset(&b)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if last {
		err := w.Close()
		return b.Bytes(), err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	packed, ok := bytes.CutSuffix(b.Bytes(), emptyStored)
	if !ok {
		return nil, errors.New("a segment does not end in a stored block")
	}
	return packed, nil
}

// AppendCheckoutGzip appends the checkout page as one gzip member, for `Content-Encoding: gzip`. It
// allocates nothing once the page of its key is ready and dst is large enough; 8 kB is.
func (p *Pages) AppendCheckoutGzip(dst []byte, k Key, v *Checkout) ([]byte, error) {
	if p.opts.LiveTemplates != "" {
		return p.liveGzip(dst, k, v)
	}
	c, err := p.checkout(k)
	if err != nil {
		return dst, err
	}
	dst = append(dst, gzipHeader...)
	var crc sum
	var length uint32
	open := -1 // where the open stored block's length stands
	for i, text := range c.text {
		if c.deflate[i] == nil {
			dst = append(dst, text...)
		} else {
			if open >= 0 {
				stored := dst[open+len(emptyStored):]
				crc = crc.of(stored)
				length += uint32(len(stored))
				dst = closeStored(dst, open)
			}
			dst = append(dst, c.deflate[i]...)
			crc = c.sums[i].after(crc)
			length += uint32(len(text))
		}
		if i == len(c.hole) {
			break
		}
		if c.deflate[i] != nil {
			open = len(dst)
			dst = append(dst, emptyStored...)
		}
		dst = c.appendHole(dst, c.hole[i], v)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(crc))
	return binary.LittleEndian.AppendUint32(dst, length), nil
}

// sum is the CRC-32 of what the page has so far (RFC 1952, section 8).
type sum uint32

func (s sum) of(p []byte) sum { return sum(crc32.Update(uint32(s), crc32.IEEETable, p)) }

// textSum is what a text does to a sum, worked out ahead: reading the texts again for their sum
// costs a third of the splice. The register after a text is the text's own, begun at zero, combined
// with the register before it moved on by as many zero bytes; moving on is linear over the bits, so
// sixteen values of each half byte are enough.
type textSum struct {
	own   uint32
	moved [8][16]uint32
}

func newTextSum(text []byte) *textSum {
	t := &textSum{own: register(0, text)}
	zeros := make([]byte, len(text))
	for half := range t.moved {
		for value := range t.moved[half] {
			t.moved[half][value] = register(uint32(value)<<(4*half), zeros)
		}
	}
	return t
}

// register is CRC-32's register after p, without the inversions before and behind it.
func register(before uint32, p []byte) uint32 {
	return ^crc32.Update(^before, crc32.IEEETable, p)
}

// after is the sum when the text follows.
func (t *textSum) after(s sum) sum {
	r := ^uint32(s)
	m := &t.moved
	return sum(^(t.own ^ m[0][r&15] ^ m[1][r>>4&15] ^ m[2][r>>8&15] ^ m[3][r>>12&15] ^
		m[4][r>>16&15] ^ m[5][r>>20&15] ^ m[6][r>>24&15] ^ m[7][r>>28]))
}

// closeStored writes the length of the stored block whose length stands at open and whose content
// ends dst. Its header bits are there already. What is longer than one block holds is split.
func closeStored(dst []byte, open int) []byte {
	content := dst[open+4:]
	if len(content) <= math.MaxUint16 {
		binary.LittleEndian.PutUint16(dst[open:], uint16(len(content)))
		binary.LittleEndian.PutUint16(dst[open+2:], ^uint16(len(content)))
		return dst
	}
	content = append([]byte(nil), content...)
	dst = dst[:open]
	for first := true; len(content) > 0; first = false {
		part := content[:min(len(content), math.MaxUint16)]
		content = content[len(part):]
		if !first {
			dst = append(dst, 0) // header bits of a further stored block, byte-aligned
		}
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(part)))
		dst = binary.LittleEndian.AppendUint16(dst, ^uint16(len(part)))
		dst = append(dst, part...)
	}
	return dst
}

func (p *Pages) liveGzip(dst []byte, k Key, v *Checkout) ([]byte, error) {
	plain, err := p.live(k, v)
	if err != nil {
		return dst, err
	}
	out := bytes.NewBuffer(dst)
	w := gzip.NewWriter(out)
	if _, err := w.Write(plain); err != nil {
		return dst, err
	}
	err = w.Close()
	return out.Bytes(), err
}
