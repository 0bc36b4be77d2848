// k6 with one more output: latency histograms instead of single samples.
package main

import (
	_ "gateproof/tools/k6/histograms"

	"go.k6.io/k6/v2/cmd"
)

func main() {
	cmd.Execute()
}
