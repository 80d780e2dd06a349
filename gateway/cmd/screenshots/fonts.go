package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// fontRules makes Roboto the system's font where it is installed, so that the pictures show what most
// phones show; the machine's own font stands in where it is not (Debian: fonts-roboto-unhinted).
const fontRules = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match target="pattern">
<edit name="family" mode="prepend_first" binding="strong"><string>Roboto</string></edit>
</match>
</fontconfig>
`

// chooseFonts tells the browser that this process starts which font pages get.
func chooseFonts(dir string) error {
	path := filepath.Join(dir, "fonts.conf")
	if err := os.WriteFile(path, []byte(fontRules), 0o600); err != nil {
		return fmt.Errorf("write the font rules: %w", err)
	}
	return os.Setenv("FONTCONFIG_FILE", path)
}
