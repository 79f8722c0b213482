package iam

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Principal is a user or a role: someone whom a token can name.
type Principal struct {
	Name     string      `json:"name"`
	Kind     string      `json:"kind"` // "root", "user" or "role"
	Policies []Statement `json:"policies,omitempty"`
}

// A Statement allows or denies actions on resources, as in an IAM policy. The
// wildcards * and ? may stand in both lists.
type Statement struct {
	Effect   string   `json:"effect"` // "Allow" or "Deny"
	Action   []string `json:"action"`
	Resource []string `json:"resource"`
}

// An AccessKey signs for a principal. Token and Expires are set for the
// temporary credentials of a role.
type AccessKey struct {
	ID        string    `json:"id"`
	Secret    string    `json:"secret"`
	Principal string    `json:"principal"` // kind/name
	Token     string    `json:"token,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
	Created   time.Time `json:"created"`
}

// String hides the secret, so that no log shows it.
func (k AccessKey) String() string { return "access key " + k.ID }

type identities struct {
	Account    string       `json:"account"`
	Principals []*Principal `json:"principals"`
	Keys       []*AccessKey `json:"keys"`
	// Checksum is that of the rest; "" in files that have none.
	Checksum string `json:"checksum,omitempty"`
}

// sum is the CRC-32C of everything but the checksum, as compact JSON.
func (ids *identities) sum() (string, error) {
	c := *ids
	c.Checksum = ""
	b, err := json.Marshal(&c)
	return fmt.Sprintf("%08x", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))), err
}

// decode reads an identity file. Damage is an error.
func (s *Store) decode(data []byte) (*identities, error) {
	var ids identities
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&ids); err != nil {
		return nil, fmt.Errorf("identity store %s is damaged: %w", s.path, err)
	}
	if sum, err := ids.sum(); ids.Checksum != "" && (err != nil || sum != ids.Checksum) {
		return nil, fmt.Errorf("identity store %s is damaged: its checksum is %s, not %s", s.path, sum, ids.Checksum)
	}
	return &ids, nil
}

// A Store is an identity file. It is safe for concurrent use, by several
// processes too.
type Store struct {
	path string

	mu      sync.Mutex
	modTime time.Time
	size    int64
	ids     *identities
}

// Errors of the store's commands.
var (
	ErrExists   = errors.New("exists already")
	ErrNotFound = errors.New("does not exist")
)

// accountID is the account that a new store belongs to.
const accountID = "000000000000"

// Open opens the identity store of a data directory and makes one with a root
// identity and its access key if there is none.
func Open(dir string) (*Store, error) {
	s := &Store{path: filepath.Join(dir, "identities.json")}
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		if err := s.create(); err != nil {
			return nil, fmt.Errorf("create identity store: %w", err)
		}
	}
	if _, err := s.read(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) create() error {
	return s.update(func(ids *identities) error {
		if ids.Account != "" {
			return nil // another process was first
		}
		ids.Account = accountID
		ids.Principals = []*Principal{{Name: "root", Kind: "root",
			Policies: []Statement{{Effect: "Allow", Action: []string{"*"}, Resource: []string{"*"}}}}}
		ids.Keys = []*AccessKey{newKey("AKIA", "root/root")}
		return nil
	})
}

// read returns the identities, from the file if it has changed.
func (s *Store) read() (*identities, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := os.Stat(s.path)
	if err != nil {
		return nil, fmt.Errorf("identity store: %w", err)
	}
	if s.ids != nil && st.ModTime().Equal(s.modTime) && st.Size() == s.size {
		return s.ids, nil
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return nil, fmt.Errorf("identity store: %w", err)
	}
	ids, err := s.decode(data)
	if err != nil {
		return nil, err
	}
	s.ids, s.modTime, s.size = ids, st.ModTime(), st.Size()
	return s.ids, nil
}

// update changes the file under a lock that other processes respect.
func (s *Store) update(change func(*identities) error) error {
	lock, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	ids := &identities{}
	data, err := os.ReadFile(s.path)
	if err == nil {
		ids, err = s.decode(data)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	if err := change(ids); err != nil {
		return err
	}
	if ids.Checksum, err = ids.sum(); err != nil {
		return err
	}
	out, err := json.MarshalIndent(ids, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(s.path, append(out, '\n'))
}

// WriteFile replaces a file at once, and durably, with one that only its owner can
// read.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func newKey(prefix, principal string) *AccessKey {
	id := make([]byte, 10)
	secret := make([]byte, 30)
	rand.Read(id)
	rand.Read(secret)
	return &AccessKey{
		ID:        prefix + base32.StdEncoding.EncodeToString(id),
		Secret:    base64.StdEncoding.EncodeToString(secret),
		Principal: principal,
		Created:   time.Now().UTC().Truncate(time.Second),
	}
}

// Account is the account number in ARNs.
func (s *Store) Account() string {
	ids, err := s.read()
	if err != nil {
		return accountID
	}
	return ids.Account
}

// ARN is the name by which AWS IAM GRANT knows a principal.
func ARN(account string, p *Principal) string {
	if p.Kind == "root" {
		return "arn:aws:iam::" + account + ":root"
	}
	return "arn:aws:iam::" + account + ":" + p.Kind + "/" + p.Name
}

func (ids *identities) principal(kind, name string) *Principal {
	for _, p := range ids.Principals {
		if p.Kind == kind && p.Name == name {
			return p
		}
	}
	return nil
}

func (ids *identities) byRef(ref string) *Principal {
	for _, p := range ids.Principals {
		if p.Kind+"/"+p.Name == ref {
			return p
		}
	}
	return nil
}

var validName = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)

// Create adds a user or a role that may dsql:DbConnect to every cluster, and
// dsql:DbConnectAdmin too if admin is set. It returns its ARN.
func (s *Store) Create(kind, name string, admin bool) (string, error) {
	if !validName.MatchString(name) {
		return "", fmt.Errorf("invalid name %q: use letters, digits and +=,.@_-", name)
	}
	actions := []string{"dsql:DbConnect"}
	if admin {
		actions = append(actions, "dsql:DbConnectAdmin")
	}
	p := &Principal{Name: name, Kind: kind, Policies: []Statement{{Effect: "Allow", Action: actions, Resource: []string{"*"}}}}
	var arn string
	err := s.update(func(ids *identities) error {
		if ids.principal(kind, name) != nil {
			return fmt.Errorf("%s %q %w", kind, name, ErrExists)
		}
		ids.Principals = append(ids.Principals, p)
		arn = ARN(ids.Account, p)
		return nil
	})
	return arn, err
}

// Delete removes a user or role and its keys.
func (s *Store) Delete(kind, name string) error {
	return s.update(func(ids *identities) error {
		if ids.principal(kind, name) == nil {
			return fmt.Errorf("%s %q %w", kind, name, ErrNotFound)
		}
		ids.Principals = slices.DeleteFunc(ids.Principals, func(p *Principal) bool { return p.Kind == kind && p.Name == name })
		ids.Keys = slices.DeleteFunc(ids.Keys, func(k *AccessKey) bool { return k.Principal == kind+"/"+name })
		return nil
	})
}

// CreateKey makes an access key for a user. Its secret is not shown again.
func (s *Store) CreateKey(user string) (AccessKey, error) {
	return s.addKey("user", user, func() *AccessKey { return newKey("AKIA", "user/"+user) })
}

// AssumeRole makes temporary credentials of a role that end after d.
func (s *Store) AssumeRole(role string, d time.Duration) (AccessKey, error) {
	return s.addKey("role", role, func() *AccessKey {
		k := newKey("ASIA", "role/"+role)
		token := make([]byte, 48)
		rand.Read(token)
		k.Token = base64.StdEncoding.EncodeToString(token)
		k.Expires = time.Now().UTC().Add(d).Truncate(time.Second)
		return k
	})
}

func (s *Store) addKey(kind, name string, make func() *AccessKey) (AccessKey, error) {
	var key AccessKey
	err := s.update(func(ids *identities) error {
		if ids.principal(kind, name) == nil {
			return fmt.Errorf("%s %q %w", kind, name, ErrNotFound)
		}
		now := time.Now()
		ids.Keys = slices.DeleteFunc(ids.Keys, func(k *AccessKey) bool { return !k.Expires.IsZero() && k.Expires.Before(now) })
		k := make()
		ids.Keys = append(ids.Keys, k)
		key = *k
		return nil
	})
	return key, err
}

// DeleteKey removes an access key.
func (s *Store) DeleteKey(id string) error {
	return s.update(func(ids *identities) error {
		n := len(ids.Keys)
		ids.Keys = slices.DeleteFunc(ids.Keys, func(k *AccessKey) bool { return k.ID == id })
		if len(ids.Keys) == n {
			return fmt.Errorf("access key %q %w", id, ErrNotFound)
		}
		return nil
	})
}

// An Entry describes a principal without secrets.
type Entry struct {
	Kind string   `json:"kind"`
	Name string   `json:"name"`
	ARN  string   `json:"arn"`
	Keys []string `json:"accessKeys"`
}

// List returns all principals with the ids of their keys.
func (s *Store) List() ([]Entry, error) {
	ids, err := s.read()
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, p := range ids.Principals {
		e := Entry{Kind: p.Kind, Name: p.Name, ARN: ARN(ids.Account, p), Keys: []string{}}
		for _, k := range ids.Keys {
			if k.Principal == p.Kind+"/"+p.Name {
				e.Keys = append(e.Keys, k.ID)
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// RootKey is the root identity's access key.
func (s *Store) RootKey() (AccessKey, error) {
	ids, err := s.read()
	if err != nil {
		return AccessKey{}, err
	}
	for _, k := range ids.Keys {
		if k.Principal == "root/root" {
			return *k, nil
		}
	}
	return AccessKey{}, fmt.Errorf("root access key %w", ErrNotFound)
}

// Key returns the access key with an id.
func (s *Store) Key(id string) (AccessKey, error) {
	ids, err := s.read()
	if err != nil {
		return AccessKey{}, err
	}
	for _, k := range ids.Keys {
		if k.ID == id {
			return *k, nil
		}
	}
	return AccessKey{}, fmt.Errorf("access key %q %w", id, ErrNotFound)
}

// WriteCredentials writes DIR/credentials: an AWS shared credentials file whose
// default profile is the root key. An existing file is left alone.
func (s *Store) WriteCredentials(path, region string) error {
	key, err := s.RootKey()
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Contains(old, []byte(key.ID)) && bytes.Contains(old, []byte(key.Secret)) {
		return nil
	}
	return WriteFile(path, fmt.Appendf(nil, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = %s\n", key.ID, key.Secret, region))
}

// Verify checks the identity file of a data directory without changing anything.
func Verify(dir string) error {
	s := &Store{path: filepath.Join(dir, "identities.json")}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	_, err = s.decode(data)
	return err
}
