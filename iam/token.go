package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"zorya/pgerr"
)

// The actions that a token may ask for.
const (
	Connect      = "DbConnect"
	ConnectAdmin = "DbConnectAdmin"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	service   = "dsql"
	// emptyPayload is the SHA-256 of nothing: presigned requests have no body.
	emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	dateFormat   = "20060102T150405Z"
	// maxExpiry is the longest life of a token that DSQL accepts, one week.
	maxExpiry = 604800 * time.Second
	// maxSkew is how far ahead a client's clock may be (AWS allows five minutes).
	maxSkew = 5 * time.Minute
)

// A Request says what a token is presented for.
type Request struct {
	User   string   // database role
	Hosts  []string // host names that reach the cluster this way; one must be signed
	Region string
	// Cluster is the cluster's ARN, for policies.
	Cluster string
	Now     time.Time
}

// denied is the one message for whatever is wrong with a token (reference §1).
func denied() *pgerr.Error {
	return pgerr.New(pgerr.InvalidAuthorization, "unable to accept connection, access denied").Fatal()
}

// A Denial is a refused token: what the client is told, and why, for the log.
type Denial struct {
	Client *pgerr.Error
	Reason string
}

func (d *Denial) Error() string { return d.Reason }

// Unwrap lets pgerr find what the client is told.
func (d *Denial) Unwrap() error { return d.Client }

func deny(format string, args ...any) *Denial {
	return &Denial{Client: denied(), Reason: fmt.Sprintf(format, args...)}
}

// Denied is a refusal outside of Verify, with the same text for the client.
func Denied(format string, args ...any) error { return deny(format, args...) }

// A token taken apart.
type token struct {
	host      string
	path      string
	params    map[string]string
	keyID     string
	day       string
	region    string
	date      time.Time
	expires   time.Duration
	signature []byte
}

// parseToken takes a token apart without trusting it. Parameters may come in any order.
func parseToken(s string) (*token, error) {
	if len(s) > 8192 {
		return nil, fmt.Errorf("token of %d bytes", len(s))
	}
	rest, query, ok := strings.Cut(s, "?")
	if !ok {
		return nil, fmt.Errorf("not a presigned request")
	}
	rest = strings.TrimPrefix(rest, "https://")
	host, path, _ := strings.Cut(rest, "/")
	if path != "" {
		return nil, fmt.Errorf("unexpected path")
	}
	t := &token{host: host, path: "/", params: map[string]string{}}
	for _, pair := range strings.Split(query, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(k)
		value, err2 := url.QueryUnescape(v)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("badly escaped parameter")
		}
		if _, dup := t.params[key]; dup {
			return nil, fmt.Errorf("parameter %q given twice", key)
		}
		t.params[key] = value
	}
	return t, t.readParams()
}

func (t *token) readParams() error {
	p := t.params
	if p["X-Amz-Algorithm"] != algorithm {
		return fmt.Errorf("algorithm is not %s", algorithm)
	}
	if p["X-Amz-SignedHeaders"] != "host" {
		return fmt.Errorf("signed headers are not just host")
	}
	scope := strings.Split(p["X-Amz-Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" {
		return fmt.Errorf("malformed credential scope")
	}
	if scope[3] != service {
		return fmt.Errorf("signed for service %q", scope[3])
	}
	t.keyID, t.day, t.region = scope[0], scope[1], scope[2]
	date, err := time.Parse(dateFormat, p["X-Amz-Date"])
	if err != nil || date.Format("20060102") != t.day {
		return fmt.Errorf("malformed date")
	}
	seconds, err := strconv.Atoi(p["X-Amz-Expires"])
	if err != nil || seconds < 0 || time.Duration(seconds)*time.Second > maxExpiry {
		return fmt.Errorf("expiry out of range")
	}
	t.date, t.expires = date, time.Duration(seconds)*time.Second
	t.signature, err = hex.DecodeString(p["X-Amz-Signature"])
	if err != nil || len(t.signature) != sha256.Size {
		return fmt.Errorf("malformed signature")
	}
	return nil
}

// sign computes the signature that the token should have (AWS General Reference,
// "Create a signed AWS API request", for query strings).
func (t *token) sign(secret string) []byte {
	names := make([]string, 0, len(t.params))
	for k := range t.params {
		if k != "X-Amz-Signature" {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	var canonical strings.Builder
	canonical.WriteString("GET\n" + t.path + "\n")
	for i, k := range names {
		if i > 0 {
			canonical.WriteByte('&')
		}
		canonical.WriteString(escape(k) + "=" + escape(t.params[k]))
	}
	canonical.WriteString("\nhost:" + t.host + "\n\nhost\n" + emptyPayload)
	hash := sha256.Sum256([]byte(canonical.String()))
	scope := t.day + "/" + t.region + "/" + service + "/aws4_request"
	toSign := algorithm + "\n" + t.date.Format(dateFormat) + "\n" + scope + "\n" + hex.EncodeToString(hash[:])
	key := []byte("AWS4" + secret)
	for _, part := range []string{t.day, t.region, service, "aws4_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return key
}

// escape is URI encoding as Signature Version 4 wants it.
func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), "%7E", "~")
}

// Verify checks a token and returns the ARN of the principal who signed it, or a
// *Denial.
func (s *Store) Verify(password string, req Request) (arn string, err error) {
	t, err := parseToken(password)
	if err != nil {
		return "", deny("malformed token: %v", err)
	}
	ids, err := s.read()
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(ids.Keys, func(k *AccessKey) bool { return k.ID == t.keyID })
	if i < 0 {
		return "", deny("unknown access key %q", t.keyID)
	}
	key := ids.Keys[i]
	if !hmac.Equal(t.sign(key.Secret), t.signature) {
		return "", deny("signature does not match for access key %s", key.ID)
	}
	if !hmac.Equal([]byte(t.params["X-Amz-Security-Token"]), []byte(key.Token)) {
		return "", deny("session token does not match for access key %s", key.ID)
	}
	if !slices.ContainsFunc(req.Hosts, func(h string) bool { return strings.EqualFold(h, t.host) }) {
		return "", deny("token is signed for host %q", t.host)
	}
	if t.region != req.Region {
		return "", deny("token is signed for region %q", t.region)
	}
	if d := t.checkTime(key, req); d != nil {
		return "", d
	}
	action := t.params["Action"]
	if want := actionFor(req.User); action != want {
		d := deny("action %q for role %q", action, req.User)
		if action == Connect || action == ConnectAdmin {
			d.Client = d.Client.WithHint("Wrong user to action mapping. user: %s, action: %s", req.User, action)
		}
		return "", d
	}
	p := ids.byRef(key.Principal)
	if p == nil || !p.allows("dsql:"+action, req.Cluster) {
		return "", deny("no policy lets %s dsql:%s", key.Principal, action)
	}
	return ARN(ids.Account, p), nil
}

func (t *token) checkTime(key *AccessKey, req Request) *Denial {
	if t.date.After(req.Now.Add(maxSkew)) {
		d := deny("token is dated %s, in the future", t.date.Format(dateFormat))
		d.Client = d.Client.WithHint("Signature not yet current: %s is still later than %s", t.date.Format(dateFormat), req.Now.Add(maxSkew).UTC().Format(dateFormat))
		return d
	}
	end := t.date.Add(t.expires)
	if !key.Expires.IsZero() && key.Expires.Before(end) {
		end = key.Expires
	}
	if req.Now.After(end) {
		d := deny("token expired at %s", end.Format(dateFormat))
		d.Client = d.Client.WithHint("Signature expired: %s is now earlier than %s", end.UTC().Format(dateFormat), req.Now.UTC().Format(dateFormat))
		return d
	}
	return nil
}

func actionFor(user string) string {
	if user == "admin" {
		return ConnectAdmin
	}
	return Connect
}

// allows evaluates the principal's policy: something must allow, nothing deny.
func (p *Principal) allows(action, resource string) bool {
	allowed := false
	for _, st := range p.Policies {
		if !matchAny(st.Action, action) || !matchAny(st.Resource, resource) {
			continue
		}
		if st.Effect != "Allow" {
			return false
		}
		allowed = true
	}
	return allowed
}

func matchAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, s) })
}

// match compares with * and ?, ignoring case as IAM does for actions.
func match(pattern, s string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := 0; i <= len(s); i++ {
				if match(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case s == "":
			return false
		case pattern[0] != '?' && !strings.EqualFold(pattern[:1], s[:1]):
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// Sign makes a token as the AWS SDKs do: for the host, valid for d from now.
func Sign(key AccessKey, host, region, action string, d time.Duration, now time.Time) string {
	now = now.UTC().Truncate(time.Second)
	t := &token{host: host, path: "/", keyID: key.ID, day: now.Format("20060102"), region: region, date: now}
	t.params = map[string]string{
		"Action":              action,
		"X-Amz-Algorithm":     algorithm,
		"X-Amz-Credential":    key.ID + "/" + t.day + "/" + region + "/" + service + "/aws4_request",
		"X-Amz-Date":          now.Format(dateFormat),
		"X-Amz-Expires":       strconv.Itoa(int(d.Seconds())),
		"X-Amz-SignedHeaders": "host",
	}
	if key.Token != "" {
		t.params["X-Amz-Security-Token"] = key.Token
	}
	t.params["X-Amz-Signature"] = hex.EncodeToString(t.sign(key.Secret))
	names := make([]string, 0, len(t.params))
	for k := range t.params {
		names = append(names, k)
	}
	slices.Sort(names)
	for i, k := range names {
		names[i] = escape(k) + "=" + escape(t.params[k])
	}
	return host + "/?" + strings.Join(names, "&")
}
