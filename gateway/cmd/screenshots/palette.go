package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"
)

// maxBytes is what one picture may weigh in the repository.
const maxBytes = 300_000

// shrink writes a PNG again with at most 256 colours, which pages of flat colours and text never need
// more than.
func shrink(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read a picture: %w", err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("decode %s: %w", path, err)
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, paletted(img)); err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	if out.Len() > maxBytes {
		return fmt.Errorf("%s has %d bytes, the limit is %d", path, out.Len(), maxBytes)
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// paletted draws a picture with its 256 most frequent colours; a rarer one, from the soft edge of a
// letter, becomes the nearest of them.
func paletted(img image.Image) *image.Paletted {
	count := map[color.RGBA]int{}
	b := img.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	palette := frequent(count, 256)
	index := map[color.RGBA]uint8{}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := at(x, y)
			i, known := index[c]
			if !known {
				i = uint8(palette.Index(c)) // a palette of at most 256
				index[c] = i
			}
			out.SetColorIndex(x, y, i)
		}
	}
	return out
}

// frequent are the n colours that are counted most, in an order that is the same in every run.
func frequent(count map[color.RGBA]int, n int) color.Palette {
	colors := make([]color.RGBA, 0, len(count))
	for c := range count {
		colors = append(colors, c)
	}
	slices.SortFunc(colors, func(a, b color.RGBA) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return int(number(a)) - int(number(b))
	})
	palette := make(color.Palette, 0, n)
	for _, c := range colors[:min(n, len(colors))] {
		palette = append(palette, c)
	}
	return palette
}

func number(c color.RGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}
