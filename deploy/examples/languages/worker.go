// A worker on a named eventfd, in Go: a goroutine waits for the raw descriptor in the runtime's netpoller.
//
//	apt-get install golang-go
//	eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
//	go build -o worker worker.go && ./worker /tmp/eventfdd orders
//	eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
//
// It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
// lines of its stdin and ends with it. ../README.md says what all workers do.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Its number is kept beside the file, since File.Fd() would clear O_NONBLOCK, which belongs to all that hold this eventfd.
type eventfd struct {
	*os.File
	fd int
}

// Waits for a value and takes it. A non-blocking descriptor waits in the netpoller. If another process clears O_NONBLOCK,
// read(2) itself waits: this goroutine then has a thread to itself, and all others go on.
func (e *eventfd) take() (value uint64) {
	if _, err := e.Read((*[8]byte)(unsafe.Pointer(&value))[:]); err != nil {
		log.Fatal(err)
	}
	return value
}

func (e *eventfd) give(value uint64) {
	if _, err := e.Write((*[8]byte)(unsafe.Pointer(&value))[:]); err != nil {
		log.Fatal(err)
	}
}

// Opens the eventfd, or brings back ("donates") the one that is held, since it outlives the daemon that it came from. Returns
// the one that comes with the answer, if any. An error means that the connection has ended.
func ask(conn *net.UnixConn, name string, held *eventfd) (*eventfd, error) {
	request, rights := fmt.Sprintf(`{"op":"open","eventfds":[{"name":%q,"create":{}}]}`, name), []byte(nil)
	if held != nil {
		request, rights = fmt.Sprintf(`{"op":"donate","eventfds":[{"name":%q}]}`, name), syscall.UnixRights(held.fd)
	}
	if _, _, err := conn.WriteMsgUnix([]byte(request), rights, nil); err != nil {
		return nil, err
	}
	packet, control := make([]byte, 65536), make([]byte, syscall.CmsgSpace(4))
	n, controls, flags, _, err := conn.ReadMsgUnix(packet, control) // it asks for close-on-exec
	if err != nil {
		return nil, err
	}
	var answer struct {
		Detail   string
		Eventfds []struct{ Result, Problem string }
	}
	if err := json.Unmarshal(packet[:n], &answer); err != nil {
		return nil, err
	}
	switch {
	case flags&syscall.MSG_CTRUNC != 0:
		log.Fatal("too many open files: the descriptor was cut off")
	case strings.Contains(string(packet[:n]), ":shutting-down\""):
		return nil, io.EOF
	case len(answer.Eventfds) == 0:
		log.Fatalf("%s: %s", name, answer.Detail)
	case answer.Eventfds[0].Result == "refused":
		log.Fatalf("%s: %s", name, answer.Eventfds[0].Problem)
	case answer.Eventfds[0].Result != "":
		fmt.Println(name, answer.Eventfds[0].Result)
	}
	if controls == 0 {
		return nil, nil
	}
	messages, _ := syscall.ParseSocketControlMessage(control[:controls])
	fds, _ := syscall.ParseUnixRights(&messages[0])
	return &eventfd{os.NewFile(uintptr(fds[0]), name), fds[0]}, nil
}

const (
	reply = iota
	work
)

var names [2]string                 // of the replies, and of the values
var held [2]atomic.Pointer[eventfd] // what the names lead to

// Answers the values of one eventfd for ever. If the name comes to lead to another one, the goroutine of the old one goes on,
// so that nothing on it is lost.
func serve(values *eventfd) {
	for {
		value := values.take()
		fmt.Println("got", value)
		held[reply].Load().give(value)
	}
}

// Moves what is left, or still comes, on an old eventfd for replies to the one that replaced it.
func move(old *eventfd) {
	for {
		held[reply].Load().give(old.take())
	}
}

// Asks for both names, then waits for the end of the connection.
func session(conn *net.UnixConn) {
	defer conn.Close()
	for i, name := range names {
		opened, err := ask(conn, name, held[i].Load())
		if err != nil {
			return
		}
		if opened == nil {
			continue
		}
		if old := held[i].Swap(opened); i == work {
			if old == nil {
				fmt.Println("ready")
			}
			go serve(opened)
		} else if old != nil {
			go move(old)
		}
	}
	conn.Read(make([]byte, 1))
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: worker DIR NAME")
	}
	names = [2]string{os.Args[2] + ".reply", os.Args[2]}
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			fmt.Println("line", lines.Text())
		}
		os.Exit(0)
	}()
	for {
		conn, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: os.Args[1] + "/fd.sock", Net: "unixpacket"})
		if err == nil {
			session(conn)
		} else if held[work].Load() == nil {
			log.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
