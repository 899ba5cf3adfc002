package whisper

import "github.com/alecthomas/chroma/v2"

const model = "whisper-db"

var archives = []string{"10s:6h", "1min:7d"}
