// Go's net/http as its documents show it. Usage: server direct|proxy PORT [SOCKET]
//
//	direct  reads each body to its end and answers with the number of its bytes
//	proxy   httputil.ReverseProxy to the workers that listen on the Unix socket
//
// It prints its address. GOMAXPROCS is the number of threads that run Go code at once.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"sync"
)

// io.Discard would read 8 KiB at a time. Node's pieces of a body are of 64 KiB as well.
var pieces = sync.Pool{New: func() any { piece := make([]byte, 64<<10); return &piece }}

func answer(response http.ResponseWriter, request *http.Request) {
	piece := pieces.Get().(*[]byte)
	defer pieces.Put(piece)
	bytes := 0
	for {
		count, err := request.Body.Read(*piece)
		bytes += count
		if err == io.EOF {
			break
		}
		if err != nil {
			return
		}
	}
	text := fmt.Sprintf(`{"mode":"go-direct","pid":%d,"bytes":%d}`, os.Getpid(), bytes)
	response.Header().Set("Content-Type", "application/json")
	response.Header().Set("Content-Length", strconv.Itoa(len(text)))
	io.WriteString(response, text)
}

// Lends the memory through which bodies of answers go, which are small.
type lender struct{ sync.Pool }

func (l *lender) Get() []byte      { return l.Pool.Get().([]byte) }
func (l *lender) Put(piece []byte) { l.Pool.Put(piece) }

func proxy(path string) http.Handler {
	handler := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "workers"})
	handler.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
		// Only two idle connections are kept by default, and all others are made anew.
		MaxIdleConnsPerHost: 64,
		// Asks the workers for no gzip that the client has not asked for.
		DisableCompression: true,
		// Bodies go through these; 4 KiB are the default.
		WriteBufferSize: 64 << 10,
		ReadBufferSize:  64 << 10,
	}
	handler.BufferPool = &lender{sync.Pool{New: func() any { return make([]byte, 32<<10) }}}
	return handler
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: server direct|proxy PORT [SOCKET]")
	}
	var handler http.Handler = http.HandlerFunc(answer)
	if os.Args[1] == "proxy" {
		handler = proxy(os.Args[3])
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}
