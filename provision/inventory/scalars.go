package inventory

import (
	"github.com/goccy/go-yaml/ast"
)

// text reads a string. A number or a truth value is refused: YAML would rewrite it (1.10 to 1.1).
func (d *decoder) text(field string, n ast.Node) (string, bool) {
	switch v := d.resolve(n).(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case nil:
	case *ast.NullNode:
		d.fail(v, field, "has no value; give it one, or delete the line to take the default")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		d.fail(v, field, "is %s where text belongs; put it in quotes: %q", kind(v), v.GetToken().Value)
	default:
		d.fail(v, field, "is %s where text belongs; write one value on the same line", kind(v))
	}
	return "", false
}

// checked reads a string that check accepts into target.
func (d *decoder) checked(target *string, check func(string) error) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		text, ok := d.text(field, n)
		if ok && !d.reject(n, field, check(text)) {
			*target = text
		}
	}
}

// needed is checked for a field without a default.
func (d *decoder) needed(target *string, check func(string) error) func(string, ast.Node) {
	read := d.checked(target, check)
	return func(field string, n ast.Node) {
		if v, empty := d.resolve(n).(*ast.NullNode); empty {
			d.reject(v, field, check(""))
			return
		}
		read(field, n)
	}
}

// integer reads a whole number of at least low and at most high.
func (d *decoder) integer(target *int, low, high int) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		v := d.resolve(n)
		if v == nil {
			return
		}
		number, ok := v.(*ast.IntegerNode)
		if !ok {
			d.fail(v, field, "is %s; write a whole number from %d to %d, without quotes", kind(v), low, high)
			return
		}
		value, fits := number.Value.(int64)
		if unsigned, ok := number.Value.(uint64); ok && unsigned <= uint64(high) {
			value, fits = int64(unsigned), true
		}
		if !fits || value < int64(low) || value > int64(high) {
			d.fail(v, field, "is %s; write a whole number from %d to %d", number.GetToken().Value, low, high)
			return
		}
		*target = int(value)
	}
}

func (d *decoder) boolean(target *bool) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		v := d.resolve(n)
		if v == nil {
			return
		}
		truth, ok := v.(*ast.BoolNode)
		if !ok {
			d.fail(v, field, "is %s; write true or false, without quotes", kind(v))
			return
		}
		*target = truth.Value
	}
}
