"""How the simulated world really works: motion, power, batteries, air; arrays of all vehicles."""
