package page

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// A spliced gzip member (RFC 1952) is
//
//	header | text[0] deflated, value | text[1] deflated, value | … | text[n] deflated, last | CRC-32, length
//
// Each text is deflated alone and flushed, which leaves the stream byte-aligned behind the three
// header bits of a stored block (RFC 1951, 3.2.4); the value's length and the value itself follow.
// Values are therefore never compressed together with anything: what a stranger writes into a
// description tells nothing about the rest through the length of the answer (BREACH).

// gzipHeader: deflate, no name, no time, best compression, unknown system.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255}

// emptyStored is the length and its complement of a stored block without content, the end of what
// Flush writes.
var emptyStored = []byte{0, 0, 0xff, 0xff}

func deflateSegments(text [][]byte) ([][]byte, error) {
	out := make([][]byte, len(text))
	for i, t := range text {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.BestCompression)
		if err != nil {
			return nil, fmt.Errorf("deflating the checkout page: %w", err)
		}
		if _, err := w.Write(t); err != nil {
			return nil, fmt.Errorf("deflating the checkout page: %w", err)
		}
		last := i == len(text)-1
		if last {
			err = w.Close()
		} else {
			err = w.Flush()
		}
		if err != nil {
			return nil, fmt.Errorf("deflating the checkout page: %w", err)
		}
		out[i] = b.Bytes()
		if !last {
			head, ok := bytes.CutSuffix(out[i], emptyStored)
			if !ok {
				return nil, fmt.Errorf("deflating the checkout page: a segment does not end in a stored block")
			}
			out[i] = head
		}
	}
	return out, nil
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
	var crc, length uint32
	for i, h := range c.hole {
		crc = crc32.Update(crc, crc32.IEEETable, c.text[i])
		dst = append(dst, c.deflate[i]...)
		dst = append(dst, emptyStored...)
		start := len(dst)
		dst = c.appendHole(dst, h, v)
		value := dst[start:]
		crc = crc32.Update(crc, crc32.IEEETable, value)
		length += uint32(len(c.text[i]) + len(value))
		if len(value) <= math.MaxUint16 {
			binary.LittleEndian.PutUint16(dst[start-4:], uint16(len(value)))
			binary.LittleEndian.PutUint16(dst[start-2:], ^uint16(len(value)))
		} else {
			dst = appendStored(dst[:start-4], append([]byte(nil), value...))
		}
	}
	end := c.text[len(c.hole)]
	crc = crc32.Update(crc, crc32.IEEETable, end)
	dst = append(dst, c.deflate[len(c.hole)]...)
	dst = binary.LittleEndian.AppendUint32(dst, crc)
	return binary.LittleEndian.AppendUint32(dst, length+uint32(len(end))), nil
}

// appendStored writes a value longer than one stored block holds. The first block's header bits are
// already there, as behind each segment.
func appendStored(dst, value []byte) []byte {
	for first := true; first || len(value) > 0; first = false {
		part := value[:min(len(value), math.MaxUint16)]
		value = value[len(part):]
		if !first {
			dst = append(dst, 0)
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
