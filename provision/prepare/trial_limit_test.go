//go:build host && !bare

package prepare

import "time"

// limit is how long a change waits for its confirmation. People have a minute, and so has make prepare.
const limit = 4 * time.Second
