package histograms

import (
	"fmt"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"go.k6.io/k6/v2/metrics"
)

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// request is a sample of a request that was meant to start `startMs` after the beginning.
func request(t *testing.T, metric string, startMs, tookMs float64, tags map[string]string) metrics.Sample {
	t.Helper()
	registry := metrics.NewRegistry()
	kind := metrics.Trend
	if metric == dropped {
		kind = metrics.Counter
	}
	end := startMs + tookMs
	if metric == dropped {
		end = startMs
	}
	return metrics.Sample{
		TimeSeries: metrics.TimeSeries{
			Metric: registry.MustNewMetric(metric, kind),
			Tags:   registry.RootTagSet().WithTagsFromMap(tags),
		},
		Time:  began.Add(time.Duration(end * float64(time.Millisecond))),
		Value: tookMs,
	}
}

func decoded(t *testing.T, text string) *hdrhistogram.Histogram {
	t.Helper()
	histogram, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return histogram
}

func drained(t *testing.T, c *cells) []Line {
	t.Helper()
	lines, err := c.drain()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestRequestsCountInTheSecondOfTheirIntendedStart(t *testing.T) {
	c := newCells(nil)
	tags := map[string]string{"scenario": "measured", "route": "list", "status": "200"}
	for i := range 30 {
		c.take(request(t, corrected, 250+float64(i)*100, 50, tags))
	}
	lines := drained(t, c)
	if len(lines) != 3 {
		t.Fatalf("%d cells, expected one for each of 3 seconds", len(lines))
	}
	for second, line := range lines {
		if line.Second != int64(second) || line.Count != 10 || line.Outcome != answered {
			t.Errorf("cell %d: %+v", second, line)
		}
		if got := decoded(t, line.Histograms[corrected]).ValueAtQuantile(50); got < 49_950 || got > 50_050 {
			t.Errorf("median %d µs, expected 50,000", got)
		}
	}
	if left := drained(t, c); len(left) != 0 {
		t.Errorf("%d cells after all were written", len(left))
	}
}

func TestFailuresAreEndlessAndRefusalsHaveNoLatency(t *testing.T) {
	c := newCells(nil)
	c.take(request(t, corrected, 0, 10, map[string]string{"scenario": "s", "status": "502"}))
	c.take(request(t, corrected, 0, 10, map[string]string{"scenario": "s", "status": "404"}))
	c.take(request(t, corrected, 10, 10, map[string]string{"scenario": "s", "status": "429"}))
	byOutcome := map[string]Line{}
	for _, line := range drained(t, c) {
		byOutcome[line.Outcome] = line
	}
	if got := decoded(t, byOutcome[failed].Histograms[corrected]); got.Min() < longestUs/2 || got.Max() < longestUs || got.TotalCount() != 2 {
		t.Errorf("a failed request counts as %d µs, %d did", got.Min(), got.TotalCount())
	}
	if got := byOutcome[refused]; got.Count != 1 || len(got.Histograms) != 0 {
		t.Errorf("refused: %+v", got)
	}
}

func TestKindsHaveCellsOfTheirOwnUntilThereAreTooMany(t *testing.T) {
	c := newCells(nil)
	tagged := func(status, kind string) map[string]string {
		return map[string]string{"scenario": "s", "status": status, "kind": kind}
	}
	for range 3 {
		c.take(request(t, corrected, 0, 10, tagged("200", "hit")))
	}
	c.take(request(t, corrected, 0, 40, tagged("200", "miss")))
	c.take(request(t, actual, 0, 10, map[string]string{"scenario": "s", "status": "200"}))
	byKind := map[string]Line{}
	for _, line := range drained(t, c) {
		byKind[line.Kind] = line
	}
	if hit, miss := byKind["hit"], byKind["miss"]; hit.Count != 3 || miss.Count != 1 ||
		decoded(t, miss.Histograms[corrected]).Max() < 39_900 || decoded(t, hit.Histograms[corrected]).Max() > 10_100 {
		t.Errorf("hit %+v, miss %+v", hit, miss)
	}
	if own := byKind[""]; own.Count != 0 || decoded(t, own.Histograms[actual]).TotalCount() != 1 {
		t.Errorf("k6's own samples: %+v", own)
	}
	for i := range 100 {
		c.take(request(t, corrected, 0, 10, tagged("200", fmt.Sprint("state ", i))))
	}
	lines := drained(t, c)
	// Two kinds came before.
	if len(lines) != mostKinds-2+1 {
		t.Errorf("%d cells of a hundred kinds", len(lines))
	}
	for _, line := range lines {
		if line.Kind == otherKind && line.Count != 100-(mostKinds-2) {
			t.Errorf("%+v", line)
		}
	}
}

func TestDroppedIterationsAndForeignMetrics(t *testing.T) {
	c := newCells(nil)
	c.take(request(t, "http_req_waiting", 0, 3, map[string]string{"scenario": "s"}))
	c.take(request(t, dropped, 0, 2, map[string]string{"scenario": "s"}))
	lines := drained(t, c)
	if len(lines) != 1 || lines[0].Dropped != 2 || lines[0].Count != 0 {
		t.Errorf("%+v", lines)
	}
}

func TestDroppedIterationsDoNotShiftTheSchedule(t *testing.T) {
	periods, err := parsePeriods("warm-up:60,measured:10")
	if err != nil {
		t.Fatal(err)
	}
	c := newCells(periods)
	tags := map[string]string{"scenario": "measured", "status": "200"}
	// Due each 100 ms; those at 200 and 300 ms were dropped, so the third that started was due at 400 ms.
	c.take(request(t, corrected, 0, 20, tags))
	c.take(request(t, corrected, 100, 20, tags))
	c.take(request(t, dropped, 200, 1, map[string]string{"scenario": "measured"}))
	c.take(request(t, dropped, 300, 1, map[string]string{"scenario": "measured"}))
	// Its number is 2, so the script takes it to be due at 200 ms: 220 ms until its answer at 420 ms.
	c.take(request(t, corrected, 200, 220, tags))
	line := drained(t, c)[0]
	if got := decoded(t, line.Histograms[corrected]).Max(); got < 19_900 || got > 20_100 {
		t.Errorf("%d µs, expected 20,000", got)
	}
}

func TestRatesAreReadOrRefused(t *testing.T) {
	if periods, err := parsePeriods("measured:50"); err != nil || periods["measured"] != 20*time.Millisecond {
		t.Errorf("%v, %v", periods, err)
	}
	for _, text := range []string{"measured", "measured:", "measured:0", "measured:x"} {
		if _, err := parsePeriods(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
