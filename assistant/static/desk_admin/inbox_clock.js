// Browsers slow the timers of a hidden tab down to one a minute; those of a worker go on, and so do looks and presence.
setInterval(() => postMessage(0), 1500);
