"""An autopilot as ArduCopter answers: modes, arming, mission, fence, rally, parameters, streams."""
