// Package histograms is a k6 output (`--out gateproof=<step>:<requests a second>,…`). It counts the samples of a run
// where they arise, into HDR histograms for each second, step, route, outcome and kind, and
// writes them to standard output once a second, one line of JSON a cell. A line for each
// sample costs k6 a third of its throughput and the reader as much again.
package histograms

import (
	"encoding/json"
	"time"

	"go.k6.io/k6/v2/output"
)

const flushEvery = time.Second

func init() {
	output.RegisterExtension("gateproof", func(params output.Params) (output.Output, error) {
		periods, err := parsePeriods(params.ConfigArgument)
		if err != nil {
			return nil, err
		}
		return &histogramOutput{lines: json.NewEncoder(params.StdOut), cells: newCells(periods)}, nil
	})
}

type histogramOutput struct {
	output.SampleBuffer
	lines   *json.Encoder
	cells   *cells
	flusher *output.PeriodicFlusher
	failure error
}

func (o *histogramOutput) Description() string { return "gateproof: a histogram a second" }

func (o *histogramOutput) Start() error {
	flusher, err := output.NewPeriodicFlusher(flushEvery, o.flush)
	o.flusher = flusher
	return err
}

// Stop writes what is left. k6 calls it after the last sample.
func (o *histogramOutput) Stop() error {
	o.flusher.Stop()
	return o.failure
}

func (o *histogramOutput) flush() {
	for _, container := range o.GetBufferedSamples() {
		for _, sample := range container.GetSamples() {
			o.cells.take(sample)
		}
	}
	lines, err := o.cells.drain()
	for _, line := range lines {
		if err == nil {
			err = o.lines.Encode(line)
		}
	}
	if o.failure == nil {
		o.failure = err
	}
}

var _ output.Output = &histogramOutput{}
