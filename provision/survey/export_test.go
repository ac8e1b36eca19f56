package survey

// Pause is for tests.
var Pause = pause
