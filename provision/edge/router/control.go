//go:build linux

package router

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
)

const (
	// ControlSocket is an abstract name: it belongs to the router's own network, and so to its container.
	ControlSocket = "@edge-control"

	lockTime = 10 * time.Second
	peerTime = 4 * time.Second
	askTime  = 60 * time.Second
)

// message is what a router hears: a request of the program's, a wish to see its status, or another router's word that the file is new.
type message struct {
	route.Request
	Status bool  `json:"status,omitempty"`
	Reload int64 `json:"reload,omitempty"` // the revision that is to be in force; -1: whichever is in the file
}

// Ask tells the router in this container something, and is its answer.
func Ask(ctx context.Context, socket string, request *route.Request) ([]byte, error) {
	m := message{Status: request == nil}
	if request != nil {
		m.Request = *request
	}
	return tell(ctx, socket, m, askTime)
}

var errSilent = errors.New("the router did not answer")

func tell(ctx context.Context, socket string, m message, limit time.Duration) ([]byte, error) {
	dialer := net.Dialer{Timeout: limit}
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(limit))
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := json.NewEncoder(conn).Encode(m); err != nil {
		return nil, err
	}
	_ = conn.(*net.UnixConn).CloseWrite()
	answer, err := io.ReadAll(conn)
	if err == nil && len(answer) == 0 {
		err = errSilent
	}
	return answer, err
}

// ReadRequest is a request as it is written on a standard input, nothing in it left out.
func ReadRequest(from io.Reader) (*route.Request, error) {
	text, err := io.ReadAll(io.LimitReader(from, requestLimit+1))
	if err != nil {
		return nil, err
	}
	if len(text) > requestLimit {
		return nil, errors.New("the request is too long")
	}
	var request route.Request
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return nil, err
	}
	return &request, nil
}

// listen answers at one socket until it is closed.
func (r *Router) listen(ctx context.Context, listener *net.UnixListener) {
	for {
		conn, err := listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		r.controls.Go(func() { r.control(ctx, conn) })
	}
}

func (r *Router) control(ctx context.Context, conn *net.UnixConn) {
	defer func() { _ = conn.Close() }()
	if !isRoot(conn) {
		return
	}
	_ = conn.SetDeadline(time.Now().Add(askTime))
	text, err := io.ReadAll(io.LimitReader(conn, requestLimit+4096))
	var m message
	if err != nil || json.Unmarshal(text, &m) != nil {
		return
	}
	var answer any
	switch {
	case m.Status:
		answer = r.Status()
	case m.Reload != 0:
		answer = r.reload(ctx, m.Reload)
	default:
		answer = r.Change(ctx, m.Request)
	}
	_ = json.NewEncoder(conn).Encode(answer)
}

// Change puts a request in force in every router there is, or refuses it.
func (r *Router) Change(ctx context.Context, request route.Request) route.Reply {
	if field := checkRequest(request); field != "" {
		return route.Reply{Error: route.ErrorInvalid, Values: []string{field}}
	}
	if request.Set != nil {
		if container := r.unresolved(ctx, request.Set.Backends); container != "" {
			return route.Reply{Error: route.ErrorUnresolved, Values: []string{container}}
		}
	}
	r.changes.Lock()
	defer r.changes.Unlock()
	unlock, err := r.store.lock()
	if err != nil {
		return unsaved(err)
	}
	defer unlock()
	before, err := r.store.read()
	if err != nil {
		return unsaved(err)
	}
	after, refusal := changed(before, request, time.Now())
	if refusal != nil {
		return *refusal
	}
	if field := checkRoutes(after); field != "" {
		return route.Reply{Error: route.ErrorInvalid, Values: []string{field}}
	}
	if err := r.store.write(after); err != nil {
		return unsaved(err)
	}
	if err := r.tellOthers(ctx, after.Revision); err != nil {
		err = errors.Join(err, r.store.write(before))
		_ = r.tellOthers(ctx, -1)
		return unsaved(err)
	}
	r.table.apply(after)
	r.say("routes " + strconv.FormatInt(after.Revision, 10) + ": " + describe(request))
	return route.Reply{Revision: after.Revision}
}

func unsaved(err error) route.Reply {
	return route.Reply{Error: route.ErrorUnsaved, Values: []string{err.Error()}}
}

func checkRequest(request route.Request) string {
	count := 0
	field := ""
	if request.Set != nil {
		count++
		field = checkSite(*request.Set)
	}
	if request.Remove != nil {
		count++
		field = checkOwner(*request.Remove)
	}
	if request.Challenge != nil {
		count++
		field = checkChallenge(*request.Challenge)
	}
	if count != 1 {
		return "set, remove or challenge"
	}
	return field
}

func describe(request route.Request) string {
	switch {
	case request.Set != nil:
		names := make([]string, len(request.Set.Backends))
		for i, b := range request.Set.Backends {
			names[i] = b.Container
		}
		return strconv.Quote(request.Set.Name) + " at " + strings.Join(names, " ")
	case request.Remove != nil:
		return strconv.Quote(request.Remove.Name) + " removed"
	}
	return "a challenge"
}

// changed is the routes after a request, or its refusal.
func changed(before Routes, request route.Request, now time.Time) (after Routes, refusal *route.Reply) {
	after = Routes{Revision: before.Revision + 1, Challenges: map[string]Challenge{}}
	for token, c := range before.Challenges {
		if now.Unix() < c.Until {
			after.Challenges[token] = c
		}
	}
	var owner route.Owner
	switch {
	case request.Set != nil:
		owner = request.Set.Owner
	case request.Remove != nil:
		owner = *request.Remove
	}
	for _, s := range before.Sites {
		if s.Owner == owner {
			continue
		}
		if request.Set != nil {
			for _, d := range s.Domains {
				if slices.Contains(request.Set.Domains, d) {
					return before, &route.Reply{Error: route.ErrorDomainTaken, Values: []string{d, s.Name, s.Directory}}
				}
			}
		}
		after.Sites = append(after.Sites, s)
	}
	if request.Set != nil {
		after.Sites = append(after.Sites, *request.Set)
	}
	if c := request.Challenge; c != nil {
		delete(after.Challenges, c.Token)
		if c.Seconds > 0 {
			after.Challenges[c.Token] = Challenge{c.Answer, now.Unix() + int64(c.Seconds)}
		}
	}
	slices.SortFunc(after.Sites, func(a, b route.Site) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Directory, b.Directory))
	})
	return after, nil
}

// unresolved is the first container that cannot be found from here.
func (r *Router) unresolved(ctx context.Context, backends []route.Backend) string {
	for _, b := range backends {
		limited, stop := context.WithTimeout(ctx, resolveTime)
		_, err := r.lookup(limited, b.Container)
		stop()
		if err != nil {
			return b.Container
		}
	}
	return ""
}

// reload puts the file's routes in force, because another router, which has the lock, changed them.
func (r *Router) reload(ctx context.Context, revision int64) route.Reply {
	routes, err := r.store.read()
	switch {
	case err != nil:
		return unsaved(err)
	case revision > 0 && routes.Revision != revision:
		return unsaved(errors.New("the file has another revision"))
	}
	if revision > 0 && !r.isDraining() {
		for _, s := range routes.Sites {
			if known := r.table.knows(s); !known {
				if container := r.unresolved(ctx, s.Backends); container != "" {
					return route.Reply{Error: route.ErrorUnresolved, Values: []string{container}}
				}
			}
		}
	}
	r.table.apply(routes)
	return route.Reply{Revision: routes.Revision}
}

// tellOthers lets every other router read the file again. Where one has gone, its socket is left behind, and nobody answers there.
func (r *Router) tellOthers(ctx context.Context, revision int64) error {
	sockets, err := filepath.Glob(r.store.folder + "/router-*.sock")
	if err != nil {
		return err
	}
	for _, socket := range sockets {
		if socket == r.peerSocket() {
			continue
		}
		answer, err := tell(ctx, socket, message{Reload: revision}, peerTime)
		if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, errSilent) {
			answer, err = tell(ctx, socket, message{Reload: revision}, peerTime) // it was just about to end, and has closed its socket
		}
		if isGone(err) {
			removeQuietly(socket)
			continue
		}
		var reply route.Reply
		if err == nil {
			err = json.Unmarshal(answer, &reply)
		}
		if err == nil && reply.Error != "" {
			err = errors.New("another router refused: " + reply.Error + " " + strings.Join(reply.Values, " "))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
