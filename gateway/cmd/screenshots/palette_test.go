package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// A picture of many colours keeps the frequent ones exactly and has at most 256.
func TestPictureKeepsItsFrequentColours(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 100, 100))
	paper, accent := color.RGBA{255, 255, 255, 255}, color.RGBA{11, 107, 94, 255}
	for y := range 100 {
		for x := range 100 {
			switch {
			case x < 50:
				img.Set(x, y, paper)
			case x < 90:
				img.Set(x, y, accent)
			default: // a thousand shades, one pixel each
				img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255})
			}
		}
	}
	path := filepath.Join(t.TempDir(), "picture.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := shrink(path); err != nil {
		t.Fatal(err)
	}
	if f, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := got.(*image.Paletted)
	if !ok || len(p.Palette) > 256 || got.Bounds() != img.Bounds() {
		t.Fatalf("%T of %v", got, got.Bounds())
	}
	for at, want := range map[image.Point]color.RGBA{{10, 10}: paper, {60, 60}: accent} {
		if c := color.RGBAModel.Convert(got.At(at.X, at.Y)); c != want {
			t.Errorf("%v became %v, was %v", at, c, want)
		}
	}
}
