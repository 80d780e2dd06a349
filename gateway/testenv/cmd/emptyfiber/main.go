// Command emptyfiber is stock Fiber with one route and nothing else: how soon it answers, and what it keeps for a
// connection, is what the gateway's start and idle connections are held against.
package main

import (
	"fmt"
	"os"

	"github.com/gofiber/fiber/v2"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "emptyfiber: say the address to listen on")
		os.Exit(2)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString("ok") })
	if err := app.Listen(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "emptyfiber:", err)
		os.Exit(1)
	}
}
