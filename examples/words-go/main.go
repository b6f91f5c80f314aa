// Words counts the words of text files: a Beam pipeline in Go, and the program of the template.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
)

var (
	input    = flag.String("input", "", "the text file to read, or a pattern such as /data/*.txt")
	output   = flag.String("output", "", "the file to write: a line `word<TAB>count` for each word, unordered")
	minCount = flag.Int("min_count", 1, "words that occur less often are left out")
)

var letters = regexp.MustCompile(`\p{L}+`)

// splitWords emits the words of a line in lower case.
func splitWords(line string, emit func(string)) {
	for _, word := range letters.FindAllString(line, -1) {
		emit(strings.ToLower(word))
	}
}

// isFrequent keeps what occurs often enough.
type isFrequent struct {
	MinCount int
}

// ProcessElement emits a word and its count, or nothing.
func (f *isFrequent) ProcessElement(word string, count int, emit func(string, int)) {
	if count >= f.MinCount {
		emit(word, count)
	}
}

func formatLine(word string, count int) string {
	return fmt.Sprintf("%s\t%d", word, count)
}

func init() {
	register.Function2x0(splitWords)
	register.Function2x1(formatLine)
	register.DoFn3x0[string, int, func(string, int)](&isFrequent{})
	register.Emitter1[string]()
	register.Emitter2[string, int]()
}

// pipeline builds the graph from the lines of the input to the lines of the output.
func pipeline(scope beam.Scope, lines beam.PCollection, minCount int) beam.PCollection {
	words := beam.ParDo(scope.Scope("Words"), splitWords, lines)
	counts := beam.ParDo(scope.Scope("Frequent"), &isFrequent{MinCount: minCount}, stats.Count(scope, words))
	return beam.ParDo(scope.Scope("Format"), formatLine, counts)
}

func main() {
	flag.Parse()
	beam.Init()
	ctx := context.Background()
	if *input == "" || *output == "" {
		fmt.Fprintln(os.Stderr, "error: --input and --output are needed")
		os.Exit(2)
	}
	graph, scope := beam.NewPipelineWithRoot()
	textio.Write(scope, *output, pipeline(scope, textio.Read(scope, *input), *minCount))
	if err := beamx.Run(ctx, graph); err != nil {
		log.Exitf(ctx, "the pipeline failed: %v", err)
	}
}
