package histograms

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"go.k6.io/k6/v2/metrics"
)

// Metrics that are counted; `scenarios/k6/load.ts` names those of the scripts.
const (
	corrected = "gateproof_corrected"
	backend   = "gateproof_backend"
	overhead  = "gateproof_overhead"
	connect   = "gateproof_connect"
	actual    = "http_req_duration"
	dropped   = "dropped_iterations"
)

// Histograms in microseconds, as measurement/histogram.ts makes them.
const (
	longestUs   = 120_000_000
	significant = 3
)

// How a request ended. Latencies of refusals by a limiter are not kept: they would flatter.
const (
	answered = "answered"
	refused  = "refused"
	failed   = "failed"
)

// Kinds of requests that are kept apart, those of all outcomes together; the others count as otherKind.
const (
	mostKinds = 24
	otherKind = "other"
)

type key struct {
	step, route, outcome, kind string
	second                     int64
}

type cell struct {
	requests   int64
	dropped    float64
	histograms map[string]*hdrhistogram.Histogram
}

// Line is what the reader gets of one cell: what came since the last line of the same cell.
type Line struct {
	Step    string `json:"step"`
	Route   string `json:"route"`
	Outcome string `json:"outcome"`
	// What became of the requests, finer than the outcome; empty for samples that k6 makes itself.
	Kind    string  `json:"kind,omitempty"`
	Second  int64   `json:"second"`
	Count   int64   `json:"requests"`
	Dropped float64 `json:"dropped"`
	// Metric to compressed histogram (V2, base64).
	Histograms map[string]string `json:"histograms"`
}

type cells struct {
	// When the first request of a step was meant to start, which is where its seconds begin.
	origins map[string]time.Time
	open    map[key]*cell
	// Time between two requests of a step.
	periods map[string]time.Duration
	// When iterations of a step were dropped, in order.
	drops map[string][]time.Time
	// Kinds that were seen.
	kinds map[string]bool
}

func newCells(periods map[string]time.Duration) *cells {
	return &cells{
		origins: map[string]time.Time{}, open: map[key]*cell{},
		periods: periods, drops: map[string][]time.Time{}, kinds: map[string]bool{},
	}
}

// parsePeriods reads the rates of the steps: "warm-up:60,measured:60".
func parsePeriods(text string) (map[string]time.Duration, error) {
	periods := map[string]time.Duration{}
	if text == "" {
		return periods, nil
	}
	for _, part := range strings.Split(text, ",") {
		name, rate, found := strings.Cut(part, ":")
		perSecond, err := strconv.ParseFloat(rate, 64)
		if !found || err != nil || perSecond <= 0 {
			return nil, fmt.Errorf("%q is no step with its rate, such as measured:60", part)
		}
		periods[name] = time.Duration(float64(time.Second) / perSecond)
	}
	return periods, nil
}

func (c *cells) take(sample metrics.Sample) {
	name := sample.Metric.Name
	switch name {
	case corrected, backend, overhead, connect, actual, dropped:
	default:
		return
	}
	step, _ := sample.Tags.Get("scenario")
	route, _ := sample.Tags.Get("route")
	status, _ := sample.Tags.Get("status")
	value := sample.Value
	outcome := outcomeOf(status)
	switch name {
	case dropped:
		c.noteDrops(step, sample)
		outcome = answered
	case corrected:
		value = c.withoutShift(step, sample)
	}
	start := sample.Time
	if name != dropped {
		start = start.Add(-milliseconds(value))
	}
	into := c.at(key{step, route, outcome, c.kindOf(sample), c.secondOf(step, start)})
	switch {
	case name == dropped:
		into.dropped += sample.Value
		return
	case name == corrected:
		into.requests++
	}
	if outcome != refused {
		into.record(name, value, outcome)
	}
}

// kindOf reads the tag that scripts set. A gateway can have a part in its value, so the number of values is bounded.
func (c *cells) kindOf(sample metrics.Sample) string {
	kind, _ := sample.Tags.Get("kind")
	if kind == "" || c.kinds[kind] {
		return kind
	}
	if len(c.kinds) == mostKinds {
		return otherKind
	}
	c.kinds[kind] = true
	return kind
}

func milliseconds(value float64) time.Duration {
	return time.Duration(value * float64(time.Millisecond))
}

func (c *cells) noteDrops(step string, sample metrics.Sample) {
	for range int(sample.Value) {
		c.drops[step] = append(c.drops[step], sample.Time)
	}
}

// withoutShift takes back what dropped iterations add to a corrected latency. Scripts number
// the iterations that k6 started: the i-th of them was the (i+k)-th that was due, when k were
// dropped before it, and so was meant to start k periods later than its number says.
func (c *cells) withoutShift(step string, sample metrics.Sample) float64 {
	drops, period := c.drops[step], c.periods[step]
	numbered := sample.Time.Add(-milliseconds(sample.Value))
	k := 0
	for {
		due := numbered.Add(time.Duration(k)*period + period/2)
		before := sort.Search(len(drops), func(i int) bool { return drops[i].After(due) })
		if before <= k {
			break
		}
		k = before
	}
	shift := float64(time.Duration(k)*period) / float64(time.Millisecond)
	return max(0, sample.Value-shift)
}

// A request that ended before the step's first one did may have begun earlier: it belongs to the first second.
func (c *cells) secondOf(step string, start time.Time) int64 {
	origin, known := c.origins[step]
	if !known {
		c.origins[step] = start
		return 0
	}
	return max(0, int64(math.Floor(start.Sub(origin).Seconds())))
}

func (c *cells) at(k key) *cell {
	found, known := c.open[k]
	if !known {
		found = &cell{histograms: map[string]*hdrhistogram.Histogram{}}
		c.open[k] = found
	}
	return found
}

// No percentile may profit from a request that failed: it counts as endless, except in what backends report.
func (c *cell) record(name string, valueMs float64, outcome string) {
	histogram, known := c.histograms[name]
	if !known {
		histogram = hdrhistogram.New(1, longestUs, significant)
		c.histograms[name] = histogram
	}
	value := int64(math.Round(valueMs * 1000))
	if outcome == failed && name != backend {
		value = longestUs
	}
	_ = histogram.RecordValue(min(max(value, 0), longestUs))
}

// outcomeOf tells by status; scenarios ask only for what a sound gateway answers, so 404 is a failure too.
func outcomeOf(status string) string {
	switch {
	case status == "429":
		return refused
	case status == "" || status[0] == '0' || status[0] >= '4':
		return failed
	default:
		return answered
	}
}

// drain returns all cells and begins anew.
func (c *cells) drain() ([]Line, error) {
	lines := make([]Line, 0, len(c.open))
	for k, open := range c.open {
		line := Line{
			Step: k.step, Route: k.route, Outcome: k.outcome, Kind: k.kind, Second: k.second,
			Count: open.requests, Dropped: open.dropped, Histograms: map[string]string{},
		}
		for name, histogram := range open.histograms {
			encoded, err := histogram.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
			if err != nil {
				return nil, err
			}
			line.Histograms[name] = string(encoded)
		}
		lines = append(lines, line)
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i].Second < lines[j].Second })
	c.open = map[key]*cell{}
	return lines, nil
}
